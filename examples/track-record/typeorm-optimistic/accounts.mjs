import pg from 'pg'
import 'reflect-metadata'
import { DataSource, EntitySchema, OptimisticLockVersionMismatchError } from 'typeorm'

const Account = new EntitySchema({
  name: 'account',
  columns: {
    name: { type: 'text', primary: true },
    balance: { type: 'integer' },
    version: { type: 'integer', version: true },
  },
})

/** Deposits. Each reads its account's version, and then loads the account with an optimistic lock on this version. */
export async function open(url, isCured) {
  const source = await new DataSource({ type: 'postgres', driver: pg, url, entities: [Account] }).initialize()
  return {
    deposit: (name) =>
      source.transaction(async (manager) => {
        const { version } = await manager.findOneByOrFail(Account, { name })
        const lock = isCured ? { mode: 'pessimistic_write' } : { mode: 'optimistic', version }
        const account = await manager.findOneOrFail(Account, { where: { name }, lock })
        account.balance += 1
        await manager.save(Account, account)
      }),
    balance: async (name) => (await source.manager.findOneByOrFail(Account, { name })).balance,
    close: () => source.destroy(),
    isConflict: (error) => error instanceof OptimisticLockVersionMismatchError,
  }
}
