import { EntitySchema, MikroORM, PostgreSqlDriver } from '@mikro-orm/postgresql'

const Account = new EntitySchema({
  name: 'Account',
  properties: {
    name: { type: 'text', primary: true },
    balance: { type: 'integer' },
    version: { type: 'integer', version: true },
  },
})

/** Deposits. Each adds 1 to an account and to the account `bank`, in one flush. Both rows have a version. */
export async function open(clientUrl, isCured) {
  // The cure: MikroORM updates each entity by a separate statement, which compares the version.
  const orm = await MikroORM.init({
    driver: PostgreSqlDriver,
    clientUrl,
    entities: [Account],
    useBatchUpdates: !isCured,
  })
  return {
    async deposit(name) {
      const em = orm.em.fork()
      const account = await em.findOneOrFail(Account, { name })
      const bank = await em.findOneOrFail(Account, { name: 'bank' })
      account.balance += 1
      bank.balance += 1
      await em.flush()
    },
    balance: async (name) => (await orm.em.fork().findOneOrFail(Account, { name })).balance,
    close: () => orm.close(),
  }
}
