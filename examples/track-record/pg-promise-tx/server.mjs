// Sales. A transaction changes the count of an item and the list of sales; a nested part of the transaction is rolled
// back.
import { createServer } from 'node:http'
import connect from 'pg-promise'

const db = connect({ noWarnings: true })(process.env.DATABASE_URL)
const note = () => Promise.reject(new Error('nothing to note'))

const sell = (item) =>
  db.tx(async (sale) => {
    await sale.none('UPDATE items SET sold = sold + 1 WHERE name = $1', [item])
    await sale
      .tx(async (noted) => {
        await noted.none("INSERT INTO sales (item, note) VALUES ($1, 'rolled back')", [item])
        await note()
      })
      .catch((error) => {
        if (error.message !== 'nothing to note') throw error
      })
    await sale.none('INSERT INTO sales (item) VALUES ($1)', [item])
  })
const sold = (item) => db.one('SELECT sold FROM items WHERE name = $1', [item], (row) => row.sold)

createServer(async ({ method, url }, response) => {
  const item = url.split('/')[2]
  try {
    if (method === 'POST') await sell(item)
    response.end(JSON.stringify(method === 'POST' ? {} : { sold: await sold(item) }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(process.env.PORT))
