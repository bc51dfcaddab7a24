import { Kysely, Migrator, PostgresDialect, sql } from 'kysely'
import pg from 'pg'

const db = new Kysely({
  dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: process.env.DATABASE_URL }) }),
})
const migrations = {
  first: {
    async up(k) {
      await k.schema.createType('species').asEnum(['cat', 'dog']).execute()
      await k.schema
        .createTable('people')
        .addColumn('id', 'serial', (c) => c.primaryKey())
        .addColumn('name', 'varchar', (c) => c.notNull())
        .execute()
      await k.schema
        .createTable('pets')
        .addColumn('id', 'uuid', (c) => c.primaryKey().defaultTo(sql`gen_random_uuid()`))
        .addColumn('owner', 'integer', (c) => c.references('people.id').onDelete('cascade'))
        .addColumn('species', sql`species`)
        .execute()
      await k.schema.createIndex('pets_owner').on('pets').column('owner').execute()
    },
  },
  second: { up: (k) => k.schema.alterTable('people').renameColumn('name', 'first_name').execute() },
}
const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
console.log((await migrator.migrateToLatest()).results, (await migrator.migrateToLatest()).results)
await db
  .transaction()
  .setIsolationLevel('serializable')
  .execute(async (tx) => {
    const { id } = await tx.insertInto('people').values({ first_name: 'ann' }).returning('id').executeTakeFirstOrThrow()
    await tx.insertInto('pets').values({ owner: id, species: 'cat' }).execute()
  })
console.log(
  await db
    .selectFrom('people')
    .leftJoin('pets', 'pets.owner', 'people.id')
    .select(['first_name', 'species'])
    .orderBy('people.id')
    .execute(),
)
const tables = await db.introspection.getTables()
console.log(
  tables.map(({ name, columns }) => [
    name,
    columns.map((c) => [c.name, c.dataType, c.isNullable, c.isAutoIncrementing, c.hasDefaultValue]),
  ]),
)
await db.destroy()
