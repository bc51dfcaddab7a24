import Bookshelf from 'bookshelf'
import Knex from 'knex'

const knex = Knex({ client: 'pg', connection: process.env.DATABASE_URL })
for (const _ of [1, 2])
  if (!(await knex.schema.hasTable('users'))) {
    await knex.schema.createTable('users', (t) => {
      t.increments()
      t.string('name').unique()
    })
    await knex.schema.createTable('posts', (t) => {
      t.increments()
      t.integer('user_id').references('users.id')
      t.text('title')
    })
  }
const bookshelf = Bookshelf(knex)
const Post = bookshelf.model('Post', { tableName: 'posts' })
const User = bookshelf.model('User', {
  tableName: 'users',
  posts() {
    return this.hasMany('Post')
  },
})
const user = (await User.where({ name: 'ann' }).fetch({ require: false })) ?? (await new User({ name: 'ann' }).save())
await bookshelf.transaction((transacting) => new Post({ user_id: user.id, title: 'one' }).save(null, { transacting }))
console.log(JSON.stringify(await User.fetchAll({ withRelated: ['posts'] })), await Post.count())
await knex.destroy()
