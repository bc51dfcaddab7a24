import { errors, Provider } from 'oidc-provider'
import { adapterOn, Consumed } from './adapter.mjs'

const application = {
  client_id: 'application',
  client_secret: 'secret',
  redirect_uris: ['https://application.example/back'],
  token_endpoint_auth_method: 'client_secret_post',
}

/** A provider whose tokens are in a Redis, and a client of it. */
export function open({ client, isCured, issuer }) {
  const provider = new Provider(issuer, {
    adapter: adapterOn(client, isCured),
    clients: [application],
    cookies: { keys: ['key'] },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  })
  provider.use(async (_, next) => {
    try {
      await next()
    } catch (error) {
      throw error instanceof Consumed ? new errors.InvalidGrant('authorization code already consumed') : error
    }
  })
  return {
    listener: provider.callback(),
    /** Returns a code, as the provider issues it when a user agrees. */
    async issue() {
      const registered = await provider.Client.find(application.client_id)
      const grant = new provider.Grant({ accountId: 'ann', clientId: application.client_id })
      grant.addOIDCScope('profile')
      const code = new provider.AuthorizationCode({
        accountId: 'ann',
        client: registered,
        grantId: await grant.save(),
        redirectUri: application.redirect_uris[0],
        scope: 'profile',
      })
      return code.save()
    },
    /** The request that the application makes of the token endpoint at `origin`. */
    async redeem(origin, code) {
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: application.redirect_uris[0],
        client_id: application.client_id,
        client_secret: application.client_secret,
      })
      const response = await fetch(`${origin}/token`, { method: 'POST', body })
      return { status: response.status, ...(await response.json()) }
    },
  }
}
