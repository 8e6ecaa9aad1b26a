// Reads what a generated TypeScript client gets from a running server, and prints it as one JSON object.

import {
    ApiResourceApi, AuditApi, ClientApi, Configuration, ResponseError, RoleApi, TenantApi, UserApi,
} from "./client";

declare const process: { env: Record<string, string | undefined>; exitCode: number };

async function read(): Promise<Record<string, unknown>> {
    const configuration = new Configuration({
        basePath: process.env.URL,
        accessToken: process.env.TOKEN,
    });
    const users = new UserApi(configuration);
    const resources = new ApiResourceApi(configuration);
    const created = await users.userPost({
        userInput: { userName: "typescript", passwordHash: "grue-Ham7ster" },
    });
    const page = await users.userGet({ take: 50 });
    const detail = (await users.userDetail({ id: created.data! })).data!;
    const scopes = (await resources.apiResourceDetail({ id: 1 })).data!.scopes!;
    const refused = await users.userPost({ userInput: { userName: "" } }).then(
        () => 0,
        (error) => (error instanceof ResponseError ? error.response.status : -1),
    );
    return {
        created: created.data! > 1 && created.code === 200,
        users: page.data.map((it) => it.userName).sort(),
        detail: detail.userName,
        clients: (await new ClientApi(configuration).clientGet()).data.map((it) => it.clientId),
        resources: (await resources.apiResourceGet()).data.map((it) => it.name),
        scopes: scopes.map((it) => it.scope),
        roles: (await new RoleApi(configuration).roleGet()).data.map((it) => it.name),
        tenants: (await new TenantApi(configuration).tenantGet()).data.map((it) => it.id),
        codes: (await users.userCodes()).length,
        events: (await new AuditApi(configuration).auditEvents({ limit: 5 })).data.map((it) => it.position),
        refused,
    };
}

read().then(
    (seen) => console.log(JSON.stringify(seen)),
    (error) => {
        console.error(error);
        process.exitCode = 1;
    },
);
