import Knex from 'knex'
import { Model, transaction } from 'objection'

const knex = Knex({ client: 'pg', connection: process.env.DATABASE_URL })
class Person extends Model {
  static tableName = 'persons'
  static relationMappings = {
    children: {
      relation: Model.HasManyRelation,
      modelClass: Person,
      join: { from: 'persons.id', to: 'persons.parentId' },
    },
  }
}
Model.knex(knex)
for (const _ of [1, 2])
  if (!(await knex.schema.hasTable('persons')))
    await knex.schema.createTable('persons', (t) => {
      t.increments('id')
      t.string('name')
      t.json('address')
      t.integer('parentId').unsigned().references('persons.id').onDelete('SET NULL')
    })
await transaction(knex, (tx) =>
  Person.query(tx).insertGraph({ name: 'ann', children: [{ name: 'bob', address: { city: 'x' } }] }),
)
await Person.query().patch({ name: 'eve' }).where('name', 'bob')
const found = await Person.query().whereNull('parentId').withGraphFetched('children').orderBy('id')
console.log(JSON.stringify(found))
console.log(
  await Person.query().select('name').count().groupBy('name').having(knex.raw('count(*) > 0')).orderBy('name'),
)
console.log((await Person.query().withGraphJoined('children').where('children.name', 'eve')).length)
await knex.destroy()
