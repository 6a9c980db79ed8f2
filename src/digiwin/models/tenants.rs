use crate::{AppToken, Json, protocol::model::model};

model! {
    /// A tenant: a customer of the platform.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    Tenant {
        /// The number that the service gave the tenant.
        sid: Option<i64> = "sid",
        /// The id of the tenant.
        id: Option<String> = "id",
        /// The name of the tenant.
        name: Option<String> = "name",
        /// The id of the tenant.
        tenant_id: Option<String> = "tenantId",
        /// The id of the tenant as a customer.
        customer_id: Option<String> = "customerId",
        /// The industry that the tenant works in.
        industry_type: Option<String> = "industryType",
        /// The URL of the image.
        image_url: Option<String> = "imageUrl",
        /// The postal address.
        address: Option<String> = "address",
        /// The mobile number of the tenant.
        telephone: Option<String> = "telephone",
        /// The mail address of the tenant.
        email: Option<String> = "email",
        /// The id of the administrator.
        admin_id: Option<String> = "adminId",
        /// The name of the administrator.
        admin_name: Option<String> = "adminName",
        /// The persons to contact.
        contacts: Option<String> = "contacts",
        /// A description of the tenant.
        description: Option<String> = "description",
        /// Whether the tenant is open.
        is_open: Option<bool> = "isOpen",
        /// Whether the tenant is confirmed, as a number.
        is_confirm: Option<i64> = "isConfirm",
        /// The status of the tenant.
        status: Option<String> = "status",
        /// Where the tenant was created from.
        come_from: Option<String> = "comeFrom",
        /// Whether the tenant is for tests.
        test_tenant: Option<bool> = "testTenant",
        /// Whether the tenant is a trial.
        experience: Option<bool> = "experience",
        /// Whether the tenant is an independent software vendor.
        isv: Option<bool> = "isv",
        /// Whether the tenant is offline.
        offline: Option<bool> = "offline",
        /// The address to return to.
        back_uri: Option<String> = "backUri",
        /// The number of the user who owns the tenant.
        owner_user_sid: Option<i64> = "ownerUserSid",
        /// The id of the user who owns the tenant.
        owner_user_id: Option<String> = "ownerUserId",
        /// When the tenant was created, in an undocumented form.
        create_date: Option<Json> = "createDate",
        /// The version of the tenant.
        version: Option<String> = "version",
        /// The web site.
        website: Option<String> = "website",
        /// The number of employees, as text.
        staff_size: Option<String> = "staffSize",
        /// The name that invoices are made out to.
        invoice_title: Option<String> = "invoiceTitle",
        /// Whether the tenant is a dealer.
        dealer: Option<bool> = "dealer",
        /// The id of the company.
        corp_id: Option<String> = "corpId",
        /// The id of the company at DingTalk.
        ding_talk_corp_id: Option<String> = "dingTalkCorpId",
        /// The id of the company at Feishu.
        fei_shu_corp_id: Option<String> = "feiShuCorpId",
        /// The color of the theme.
        theme_color: Option<String> = "themeColor",
        /// The URL of the icon.
        icon_url: Option<String> = "iconUrl",
        /// Whether the current user owns the tenant.
        owner: Option<bool> = "owner",
        /// How the tenant was authenticated, in an undocumented form.
        authentication_info: Option<Json> = "authenticationInfo",
    }
}

model! {
    /// An application that a tenant has bought.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    TenantApplication {
        /// The number that the service gave the application.
        sid: Option<i64> = "sid",
        /// The id of the application.
        id: Option<String> = "id",
        /// The name of the application.
        name: Option<String> = "name",
        /// The id of the category.
        category_id: Option<String> = "categoryId",
        /// The number that the service gave the tenant.
        tenant_sid: Option<i64> = "tenantSid",
        /// The id of the tenant.
        tenant_id: Option<String> = "tenantId",
        /// The name of the tenant.
        tenant_name: Option<String> = "tenantName",
        /// The id of the product.
        product_id: Option<String> = "productId",
        /// The id of the item of the product.
        item_id: Option<String> = "itemId",
        /// The id of the sales strategy.
        strategy_id: Option<String> = "strategyId",
        /// When the application expires, as the service writes it.
        expired_time: Option<String> = "expiredTime",
        /// Whether the application has expired.
        expired: Option<bool> = "expired",
        /// Whether the application is in its period of grace.
        buffer_period: Option<bool> = "bufferPeriod",
        /// Whether the authorization is open.
        auth_open: Option<bool> = "authOpen",
        /// How much use was bought.
        total_usage: Option<i64> = "totalUsage",
        /// How much use is left.
        remaining_usage: Option<i64> = "remainingUsage",
        /// How many users may use the application.
        total_user_count: Option<i64> = "totalUserCount",
        /// The number of users who use the application.
        user_count: Option<i64> = "userCount",
        /// How much capacity is left, as text.
        remain_usage_capacity: Option<String> = "remainUsageCapacity",
        /// The URL of the logo.
        logo_image: Option<String> = "logoImage",
        /// A description of the application.
        description: Option<String> = "description",
        /// The unit of use.
        custom_unit: Option<String> = "customUnit",
        /// Whether the console shows the management of the application.
        show_console_management: Option<bool> = "showConsoleManagement",
        /// Whether the console shows the policies of the application.
        show_console_policy: Option<bool> = "showConsolePolicy",
        /// The application's own token.
        app_token: Option<AppToken> = secret "appToken",
        /// Whether the application expires soon.
        will_expire: Option<bool> = "willExpire",
        /// Whether the bought use is exhausted soon.
        will_exhaust: Option<bool> = "willExhaust",
        /// Whether the bought use is exhausted.
        exhausted: Option<bool> = "exhausted",
    }
}
