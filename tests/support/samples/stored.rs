//! Samples as they were stored before addresses and URIs had to be some: such events are read for ever.

use domain::Fact;
use domain::client::{ClientEvent, ClientRegistered};
use domain::tenant::{TenantCreated, TenantEvent};
use domain::user::{UserEvent, UserPersonal};

use super::{
    client_registered, client_secrets, password_verifier, some, tenant_changed, tenant_created,
    tenant_properties, tenant_updated_to, user_personal, user_registered,
};

pub(super) fn client_registered_stored() -> ClientRegistered {
    ClientRegistered {
        client_uri: some("client uri"),
        logo_uri: some("logo uri"),
        front_channel_logout_uri: some("front"),
        back_channel_logout_uri: some("back"),
        ..client_registered()
    }
}

pub(super) fn client_stored() -> ClientEvent {
    let (data, secret) = (client_registered_stored(), Some(client_secrets()));
    ClientEvent::Registered(Fact { data, personal: None, secret })
}

pub(super) fn tenant_stored() -> TenantEvent {
    let data = TenantCreated { logo_uri: some("logo uri"), ..tenant_created() };
    TenantEvent::Created(Fact { data, personal: None, secret: Some(tenant_properties()) })
}

pub(super) fn tenant_updated_stored() -> TenantEvent {
    let changed = TenantCreated { logo_uri: some("other logo uri"), ..tenant_changed() };
    tenant_updated_to(&changed)
}

pub(super) fn user_stored() -> UserEvent {
    let personal = Some(personal_stored());
    let (data, secret) = (user_registered(), Some(password_verifier()));
    UserEvent::Registered(Fact { data, personal, secret })
}

pub(super) fn personal_stored() -> UserPersonal {
    UserPersonal { avatar: some("avatar"), ..user_personal() }
}
