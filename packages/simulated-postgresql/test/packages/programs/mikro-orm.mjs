import { EntitySchema, MikroORM } from '@mikro-orm/postgresql'

const schemas = (more) => {
  const Author = new EntitySchema({
    name: 'Author',
    properties: {
      id: { type: 'number', primary: true, autoincrement: true },
      name: { type: 'string', unique: true },
      mood: { enum: true, items: ['sad', 'ok'], default: 'ok' },
      ...more,
      books: { kind: '1:m', entity: 'Book', mappedBy: 'author' },
    },
  })
  const Book = new EntitySchema({
    name: 'Book',
    properties: {
      id: { type: 'uuid', primary: true, defaultRaw: 'gen_random_uuid()' },
      title: { type: 'text' },
      meta: { type: 'json', nullable: true },
      author: { kind: 'm:1', entity: 'Author', deleteRule: 'cascade', index: true },
    },
  })
  return [Author, Book]
}
const start = (more) =>
  MikroORM.init({ clientUrl: process.env.DATABASE_URL, entities: schemas(more), allowGlobalContext: true })
const first = await start({})
const isNew = (await first.schema.getUpdateSchemaSQL()).includes('create table')
for (const _ of isNew ? [1, 2] : []) await first.schema.updateSchema()
await first.close()
const orm = await start({
  age: { type: 'number', nullable: true },
  mood: { enum: true, items: ['sad', 'ok', 'fine'], default: 'fine' },
})
console.log(await orm.schema.getUpdateSchemaSQL())
await orm.schema.updateSchema()
console.log(await orm.schema.getUpdateSchemaSQL())
const ann = (await orm.em.findOne('Author', { name: 'ann' })) ?? orm.em.create('Author', { name: 'ann', age: 3 })
await orm.em.transactional(async (em) => {
  em.create('Book', { title: 'one', meta: { pages: 3 }, author: ann })
  ann.age++
})
orm.em.clear()
const found = await orm.em.find('Author', {}, { populate: ['books'] })
console.log(found.map((a) => [a.name, a.mood, a.age, a.books.getItems().map((b) => b.meta)]))
await orm.close()
