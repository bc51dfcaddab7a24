import { DataTypes, OptimisticLockError, Sequelize } from 'sequelize'

/** Orders that are paid or cancelled. Rows have a version: a save fails if the row has changed since it was read. */
export function open(url, isCured) {
  const sequelize = new Sequelize(url, { logging: false })
  const columns = { name: { type: DataTypes.TEXT, primaryKey: true }, isPaid: DataTypes.BOOLEAN }
  const Order = sequelize.define('order', columns, { version: true, timestamps: false })

  async function cancel(name) {
    const order = await Order.findByPk(name)
    if (order === null) return true
    if (order.isPaid) return false
    if (!isCured) await order.destroy()
    // The cure: this method returns the number of removed rows.
    else if ((await Order.destroy({ where: { name, version: order.version } })) === 0) throw new OptimisticLockError({})
    return true
  }
  async function pay(name) {
    const order = await Order.findByPk(name)
    if (order === null || order.isPaid) return false
    order.isPaid = true
    await order.save()
    return true
  }
  /** Returns null, and changes nothing, if the order has changed since its read. */
  const unlessChanged = (change) => (name) =>
    change(name).catch((error) => {
      if (error instanceof OptimisticLockError) return null
      throw error
    })
  return { cancel: unlessChanged(cancel), pay: unlessChanged(pay), close: () => sequelize.close() }
}
