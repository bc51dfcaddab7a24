// Two people cancel each of ten orders at the same time, through EverShop's own function. Usage: cancel.mjs HOST:PORT
import { connect } from './evershop.mjs'

const [host, port] = process.argv[2].split(':')
const { modules, pool, inside } = await connect(host, port)
const { loadBootstrapScript } = await import(new URL('bin/lib/bootstrap/bootstrap.js', inside))
for (const module of modules) await loadBootstrapScript(module, { command: 'start', env: 'test', process: 'main' })
const { cancelOrder } = await import('@evershop/evershop/oms/services')

const { rows: orders } = await pool.query('SELECT order_id, uuid, status FROM "order"')
for (const { uuid } of orders) await Promise.allSettled([cancelOrder(uuid, 'late'), cancelOrder(uuid, 'broken')])
const { rows } = await pool.query('SELECT product_inventory_product_id, qty FROM product_inventory')
console.log(`${rows[0].qty} mugs in stock, of 100`)
process.exit()
