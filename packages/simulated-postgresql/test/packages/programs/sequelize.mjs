import { DataTypes, Sequelize } from 'sequelize'

const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false })
const columns = {
  name: { type: DataTypes.STRING, allowNull: false, unique: 'names' },
  mood: { type: DataTypes.ENUM('sad', 'ok'), defaultValue: 'ok' },
}
const define = (more) => {
  const User = sequelize.define('User', { ...columns, ...more }, { indexes: [{ fields: ['mood'] }] })
  const Task = sequelize.define('Task', {
    title: DataTypes.TEXT,
    due: DataTypes.DATE,
    tags: DataTypes.ARRAY(DataTypes.TEXT),
  })
  User.hasMany(Task, { onDelete: 'CASCADE' })
  Task.belongsTo(User)
  return { User, Task }
}
define({})
await sequelize.sync()
await sequelize.sync({ alter: true })
const { User, Task } = define({
  age: { type: DataTypes.INTEGER, comment: 'years' },
  mood: { type: DataTypes.ENUM('sad', 'ok', 'fine'), defaultValue: 'fine' },
})
await sequelize.sync({ alter: true })
await sequelize.sync({ alter: true })
// findOrCreate defines a temporary function, which the simulated server refuses.
const ann = (await User.findOne({ where: { name: 'ann' } })) ?? (await User.create({ name: 'ann', age: 3 }))
await sequelize.transaction(async (transaction) => {
  await ann.createTask({ title: 'wash', tags: ['a'] }, { transaction })
  await ann.increment('age', { transaction })
  await ann.reload({ transaction, lock: true })
})
const found = await User.findAll({ include: Task, order: ['id', [Task, 'id', 'ASC']] })
console.log(found.map((u) => [u.name, u.mood, u.age, u.Tasks.map((t) => [t.title, t.tags])]))
await User.create({ name: 'ann' }).catch((error) => console.log(error.name, error.fields))
console.log(await sequelize.getQueryInterface().describeTable('Users'))
await sequelize.close()
