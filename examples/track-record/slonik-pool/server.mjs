// Sales: the count of an item and the list of sales are changed in one transaction.
import { createServer } from 'node:http'
import { createPool, sql } from 'slonik'

async function opened() {
  for (;;)
    try {
      return await createPool(process.env.DATABASE_URL, { maximumPoolSize: 2 })
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
}
let pool = await opened()

const sell = (item) =>
  pool.transaction(async (sale) => {
    await sale.query(sql.unsafe`UPDATE items SET sold = sold + 1 WHERE name = ${item}`)
    await sale.query(sql.unsafe`INSERT INTO sales (item) VALUES (${item})`)
  })
const sold = (item) => pool.oneFirst(sql.unsafe`SELECT sold FROM items WHERE name = ${item}`)

createServer(async ({ method, url }, response) => {
  const item = url.split('/')[2]
  try {
    if (method === 'POST') await sell(item)
    response.end(JSON.stringify(method === 'POST' ? {} : { sold: await sold(item) }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(process.env.PORT))

// As a liveness probe would, ends the process if requests wait for 500 ms while the pool is destroying both
// connections. With CURED=yes, replaces the pool instead.
let stuck = 0
setInterval(async () => {
  const { waitingClients, pendingDestroyConnections } = pool.state()
  const isStuck = waitingClients > 0 && pendingDestroyConnections === 2
  stuck = isStuck ? stuck + 1 : 0
  if (stuck !== 5) return
  if (process.env.CURED !== 'yes') throw new Error(`no connection is left: ${JSON.stringify(pool.state())}`)
  // The cure: another pool.
  pool = await opened()
}, 100)
