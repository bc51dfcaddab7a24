// Sales. A transaction changes the count of an item and the list of sales; a nested part of the transaction is rolled
// back.
import { createServer } from 'node:http'
import knex from 'knex'

const db = knex({ client: 'pg', connection: process.env.DATABASE_URL })
const note = () => Promise.reject(new Error('nothing to note'))

const sell = (item) =>
  db.transaction(async (sale) => {
    await sale('items').where({ name: item }).increment('sold')
    await sale
      .transaction(async (noted) => {
        await noted('sales').insert({ item, note: 'rolled back' })
        await note()
      })
      .catch((error) => {
        if (error.message !== 'nothing to note') throw error
      })
    await sale('sales').insert({ item })
  })
const sold = async (item) => (await db('items').where({ name: item }).first()).sold

createServer(async ({ method, url }, response) => {
  const item = url.split('/')[2]
  try {
    if (method === 'POST') await sell(item)
    response.end(JSON.stringify(method === 'POST' ? {} : { sold: await sold(item) }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(process.env.PORT))
