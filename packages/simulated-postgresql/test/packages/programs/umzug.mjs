import { DataTypes, Sequelize } from 'sequelize'
import { SequelizeStorage, Umzug } from 'umzug'

const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false })
const queries = sequelize.getQueryInterface()
const umzug = new Umzug({
  context: queries,
  storage: new SequelizeStorage({ sequelize }),
  logger: undefined,
  migrations: [
    {
      name: '1',
      async up() {
        await queries.createTable('users', {
          id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
          name: DataTypes.STRING,
        })
        await queries.createTable('pets', {
          id: { type: DataTypes.INTEGER, primaryKey: true },
          owner: DataTypes.INTEGER,
        })
      },
      down: () => queries.dropTable('users'),
    },
    {
      name: '2',
      async up() {
        await queries.addConstraint('users', { type: 'unique', fields: ['name'], name: 'users_name' })
        await queries.addConstraint('pets', {
          type: 'foreign key',
          fields: ['owner'],
          name: 'pets_owner',
          references: { table: 'users', field: 'id' },
          onDelete: 'cascade',
        })
        await queries.addColumn('users', 'email', { type: DataTypes.STRING, allowNull: true })
        await queries.renameColumn('users', 'email', 'mail')
        await queries.addIndex('users', ['mail'])
      },
      async down() {
        await queries.removeConstraint('users', 'users_name')
      },
    },
  ],
})
console.log(
  (await umzug.up()).map(({ name }) => name),
  (await umzug.up()).length,
)
console.log((await umzug.down()).map(({ name }) => name))
await queries.removeConstraint('pets', 'pets_owner')
await queries.removeColumn('users', 'mail')
console.log((await umzug.up()).map(({ name }) => name))
const { id, name, mail } = await queries.describeTable('users')
console.log(id, name, mail)
console.log(
  (await queries.showIndex('users')).map((index) => [index.name, index.unique, index.fields.map((f) => f.attribute)]),
)
console.log(await queries.getForeignKeyReferencesForTable('pets'), (await queries.showAllTables()).sort())
await queries.bulkInsert('users', [{ name: `ann ${Date.now()}` }])
await sequelize.close()
