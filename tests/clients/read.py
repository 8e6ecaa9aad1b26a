"""Reads what a generated Python client gets from a running server, and prints it as one JSON object."""

import json
import os

import chancery_client as chancery

configuration = chancery.Configuration(host=os.environ["URL"], access_token=os.environ["TOKEN"])
with chancery.ApiClient(configuration) as client:
    users = chancery.UserApi(client)
    created = users.user_post(chancery.UserInput(userName="python", passwordHash="grue-Ham7ster"))
    page = users.user_get(take=50)
    detail = users.user_detail(id=created.data).data
    resources = chancery.ApiResourceApi(client)
    audit = chancery.AuditApi(client).audit_events(limit=5)
    seen = {
        "created": created.data > 1 and created.code == 200,
        "users": sorted(user.user_name for user in page.data),
        "detail": detail.user_name,
        "clients": [it.client_id for it in chancery.ClientApi(client).client_get().data],
        "resources": [it.name for it in resources.api_resource_get().data],
        "scopes": [it.scope for it in resources.api_resource_detail(id=1).data.scopes],
        "roles": [it.name for it in chancery.RoleApi(client).role_get().data],
        "tenants": [it.id for it in chancery.TenantApi(client).tenant_get().data],
        "codes": len(users.user_codes()),
        "events": [it.position for it in audit.data],
    }
    try:
        users.user_post(chancery.UserInput(userName=""))
        seen["refused"] = 0
    except chancery.ApiException as error:
        seen["refused"] = error.status
print(json.dumps(seen))
