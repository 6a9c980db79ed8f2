//! The services that tell whom a token is for.

#[cfg(feature = "authing")]
mod authing;
#[cfg(feature = "cloudspot")]
mod cloudspot;
#[cfg(feature = "digiwin")]
mod digiwin;
#[cfg(feature = "jwt")]
mod jwt;

/// Returns about how many bytes of memory a model takes.
fn bytes<T: serde::Serialize>(model: &T) -> usize {
    // Each text and unknown member is memory of its own, of which the JSON is the smaller part.
    size_of::<T>() + 2 * serde_json::to_vec(model).map_or(0, |json| json.len())
}
