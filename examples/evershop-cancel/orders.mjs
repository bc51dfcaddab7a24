// Runs EverShop's own migrations, and creates a product and ten orders of this product. Usage: orders.mjs HOST:PORT
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from './evershop.mjs'

const { modules, pool, inside } = await connect(...process.argv[2].split(':'))
while (!(await pool.query('SELECT 1').catch(() => undefined))) await delay(100)
const { migrate } = await import(new URL('bin/lib/bootstrap/migrate.js', inside))
await migrate(modules)
await pool.query(readFileSync('orders.sql', 'utf8'))
process.exit()
