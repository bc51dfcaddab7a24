/** An adapter for Redis with the commands of https://github.com/panva/node-oidc-provider/blob/main/example/adapters/redis.js. */
export function adapterOn(client, isCured) {
  const isConsumable = (name) => ['AuthorizationCode', 'RefreshToken', 'DeviceCode'].includes(name)
  return class RedisAdapter {
    constructor(name) {
      this.name = name
    }
    key(id) {
      return `${this.name}:${id}`
    }
    async upsert(id, payload, expiresIn) {
      const multi = client.multi()
      if (isConsumable(this.name)) multi.hset(this.key(id), { payload: JSON.stringify(payload) })
      else multi.set(this.key(id), JSON.stringify(payload))
      if (expiresIn) multi.expire(this.key(id), expiresIn)
      if (payload.grantId && this.name !== 'Grant') multi.rpush(`grant:${payload.grantId}`, this.key(id))
      await multi.exec()
    }
    async find(id) {
      if (!isConsumable(this.name)) return JSON.parse(await client.get(this.key(id))) ?? undefined
      const { payload, ...rest } = await client.hgetall(this.key(id))
      return payload === undefined ? undefined : { ...rest, ...JSON.parse(payload) }
    }
    async consume(id) {
      const now = Math.floor(Date.now() / 1000)
      if (!isCured) await client.hset(this.key(id), 'consumed', now)
      // The cure: of several requests that consume the same code, only one succeeds.
      else if ((await client.hsetnx(this.key(id), 'consumed', now)) === 0) throw new Consumed()
    }
    async destroy(id) {
      await client.del(this.key(id))
    }
    async revokeByGrantId(grantId) {
      const tokens = await client.lrange(`grant:${grantId}`, 0, -1)
      await client.del(...tokens, `grant:${grantId}`)
    }
  }
}

/** An error that the provider answers with `invalid_grant`. */
export class Consumed extends Error {}
