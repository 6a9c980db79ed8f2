//! Observers that are made of others: behind a pointer, two of them, or perhaps one.

use super::{AttemptInfo, CallInfo, CheckInfo, Observer, RefreshInfo, VerificationInfo};
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};

/// Declares every method of [`Observer`] with the macro `$tell`, which gets `self`, the method and its argument.
macro_rules! methods {
    ($tell:ident) => {
        fn call_finished(&self, call: &CallInfo) {
            $tell!(self, call_finished, call);
        }

        fn attempt_finished(&self, attempt: &AttemptInfo<'_>) {
            $tell!(self, attempt_finished, attempt);
        }

        fn refresh_finished(&self, refresh: &RefreshInfo) {
            $tell!(self, refresh_finished, refresh);
        }

        fn check_finished(&self, check: &CheckInfo) {
            $tell!(self, check_finished, check);
        }

        fn verification_finished(&self, verification: &VerificationInfo) {
            $tell!(self, verification_finished, verification);
        }
    };
}

macro_rules! pointee {
    ($self:ident, $method:ident, $info:ident) => {
        (**$self).$method($info)
    };
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    methods!(pointee);
}

impl<O: Observer + ?Sized> Observer for Box<O> {
    methods!(pointee);
}

macro_rules! value {
    ($self:ident, $method:ident, $info:ident) => {
        if let Some(observer) = $self {
            observer.$method($info)
        }
    };
}

/// Calls the observer, if there is one.
impl<O: Observer> Observer for Option<O> {
    methods!(value);
}

macro_rules! both {
    ($self:ident, $method:ident, $info:ident) => {{
        // A panic in the first one must not keep anything from the second one.
        let first = catch_unwind(AssertUnwindSafe(|| $self.0.$method($info)));
        $self.1.$method($info);
        if let Err(panic) = first {
            resume_unwind(panic);
        }
    }};
}

/// Calls both observers. Pairs of pairs combine more of them.
impl<A: Observer, B: Observer> Observer for (A, B) {
    methods!(both);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Notes the methods that are called.
    #[derive(Default)]
    struct Noting(Mutex<Vec<&'static str>>);

    macro_rules! note {
        ($self:ident, $method:ident, $info:ident) => {{
            let _ = $info;
            $self.0.lock().unwrap().push(stringify!($method));
        }};
    }

    impl Observer for Noting {
        methods!(note);
    }

    struct Panicking;

    macro_rules! fail {
        ($self:ident, $method:ident, $info:ident) => {{
            let _ = ($self, $info);
            resume_unwind(Box::new(stringify!($method)));
        }};
    }

    impl Observer for Panicking {
        methods!(fail);
    }

    const METHODS: [&str; 5] =
        ["call_finished", "attempt_finished", "refresh_finished", "check_finished", "verification_finished"];

    /// Calls every method, and returns how many panicked.
    fn tell(observer: &dyn Observer) -> usize {
        let calls: [&dyn Fn(); 5] = [
            &|| observer.call_finished(&CallInfo::new("t", "t.x")),
            &|| observer.attempt_finished(&AttemptInfo::new("t", "t.x", "h")),
            &|| observer.refresh_finished(&RefreshInfo::new("t", "missing")),
            &|| observer.check_finished(&CheckInfo::new("t", "ok", "hit")),
            &|| observer.verification_finished(&VerificationInfo::new("ok")),
        ];
        calls.iter().filter(|call| catch_unwind(AssertUnwindSafe(call)).is_err()).count()
    }

    #[test]
    fn every_method_reaches_every_observer() {
        let noted = |of: &dyn Fn(Arc<Noting>) -> Box<dyn Observer>| {
            let noting = Arc::<Noting>::default();
            assert_eq!(tell(&*of(noting.clone())), 0);
            noting.0.lock().unwrap().clone()
        };
        assert_eq!(noted(&|noting| Box::new(noting)), METHODS);
        assert_eq!(noted(&|noting| Box::new(noting as Arc<dyn Observer>)), METHODS);
        assert_eq!(noted(&|noting| Box::new(Some(noting))), METHODS);
        assert_eq!(noted(&|noting| Box::new((Noting::default(), noting))), METHODS);
        assert_eq!(noted(&|noting| Box::new((noting, None::<Noting>))), METHODS);
        assert_eq!(noted(&|noting| Box::new((noting.clone(), noting))).len(), 2 * METHODS.len());
        let noting = Arc::<Noting>::default();
        assert_eq!(tell(&(Panicking, noting.clone())), METHODS.len(), "the panic is the caller's to catch");
        assert_eq!(*noting.0.lock().unwrap(), METHODS);
    }
}
