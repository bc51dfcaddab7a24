import typeorm from 'typeorm-0.3'

const { DataSource, EntitySchema } = typeorm
const User = new EntitySchema({
  name: 'User',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    name: { type: 'varchar', length: 40, unique: true },
    mood: { type: 'enum', enum: ['sad', 'ok'], default: 'ok' },
    balance: { type: 'numeric', precision: 10, scale: 2, default: 0 },
    tags: { type: 'text', array: true, default: '{}' },
    created: { type: 'timestamptz', createDate: true },
  },
  relations: { posts: { type: 'one-to-many', target: 'Post', inverseSide: 'user' } },
})
const Post = new EntitySchema({
  name: 'Post',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    title: { type: 'text' },
    data: { type: 'jsonb', nullable: true },
  },
  relations: {
    user: { type: 'many-to-one', target: 'User', inverseSide: 'posts', onDelete: 'CASCADE', nullable: false },
  },
  indices: [{ columns: ['title'] }],
  checks: [{ expression: `"title" <> ''` }],
})
const source = new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL,
  entities: [User, Post],
  synchronize: true,
})
await source.initialize()
await source.synchronize()
console.log((await source.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query))
const users = source.getRepository('User')
const ann = (await users.findOneBy({ name: 'ann' })) ?? (await users.save({ name: 'ann', tags: ['a'] }))
await source.transaction(async (manager) => {
  const locked = await manager.findOne('User', { where: { id: ann.id }, lock: { mode: 'pessimistic_write' } })
  await manager.save('Post', { title: 'hello', user: locked, data: { a: [1] } })
  await manager.increment('User', { id: ann.id }, 'balance', 1.5)
})
const found = await users.find({ relations: { posts: true } })
console.log(found.map((u) => [u.name, u.mood, u.balance, u.tags, u.posts.map((p) => [p.title, p.data])]))
await users.insert({ name: 'ann' }).catch(({ name, code }) => console.log(name, code))
await source.destroy()
