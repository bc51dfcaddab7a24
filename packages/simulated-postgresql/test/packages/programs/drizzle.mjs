import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { and, eq, gt, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { index, integer, pgEnum, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'

const { generateDrizzleJson, generateMigration, pushSchema } = createRequire(import.meta.url)('drizzle-kit/api')
const mood = pgEnum('mood', ['sad', 'ok'])
const users = pgTable('users', {
  id: serial().primaryKey(),
  name: text().notNull().unique(),
  mood: mood().default('ok'),
  at: timestamp({ withTimezone: true }).defaultNow(),
})
const posts = pgTable(
  'posts',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    userId: integer().references(() => users.id, { onDelete: 'cascade' }),
    title: text(),
  },
  (t) => [index('titles').on(t.title)],
)
const schema = { mood, users, posts }
const migrationsFolder = mkdtempSync(join(tmpdir(), 'drizzle-'))
mkdirSync(join(migrationsFolder, 'meta'))
const statements = await generateMigration(generateDrizzleJson({}), generateDrizzleJson(schema))
writeFileSync(join(migrationsFolder, '0000_first.sql'), statements.join('--> statement-breakpoint\n'))
writeFileSync(
  join(migrationsFolder, 'meta', '_journal.json'),
  JSON.stringify({
    version: '7',
    dialect: 'postgresql',
    entries: [{ idx: 0, version: '7', when: 1, tag: '0000_first', breakpoints: true }],
  }),
)
const db = drizzle(process.env.DATABASE_URL, { schema })
await migrate(db, { migrationsFolder })
await migrate(db, { migrationsFolder })
// `pushSchema` shows a spinner on standard output.
const { write } = process.stdout
process.stdout.write = () => true
const pushed = await pushSchema(schema, db)
process.stdout.write = write
console.log(pushed.statementsToExecute, pushed.hasDataLoss)
await db
  .insert(users)
  .values([{ name: 'ann' }, { name: 'bob', mood: 'sad' }])
  .onConflictDoNothing()
await db.transaction(
  async (tx) => {
    const [ann] = await tx.select().from(users).where(eq(users.name, 'ann')).for('update')
    await tx.insert(posts).values({ userId: ann.id, title: 'one' }).returning()
  },
  { isolationLevel: 'serializable' },
)
console.log(
  await db
    .select({ name: users.name, posts: sql`count(${posts.id})` })
    .from(users)
    .leftJoin(posts, and(eq(posts.userId, users.id), gt(posts.id, 0)))
    .groupBy(users.id)
    .orderBy(users.id),
)
await db.$client.end()
