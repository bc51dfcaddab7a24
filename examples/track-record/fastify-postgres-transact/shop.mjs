import fastifyPostgres from '@fastify/postgres'
import fastify from 'fastify'

/** Sales, with the code of https://github.com/fastify/fastify-postgres#use-of-pgtransact. */
export async function open(connectionString, isCured) {
  const app = fastify()
  await app.register(fastifyPostgres, { connectionString })
  // The cure: idle connections and checked-out connections have error listeners.
  if (isCured) {
    app.pg.pool.on('error', () => {})
    app.pg.pool.on('connect', (client) => client.on('error', () => {}))
  }
  app.get('/items/:item', async ({ params }) => {
    const { rows } = await app.pg.query('SELECT sold FROM items WHERE name = $1', [params.item])
    return rows[0]
  })
  app.post('/items/:item/sales', ({ params }) =>
    app.pg.transact(async (client) => {
      await client.query('UPDATE items SET sold = sold + 1 WHERE name = $1', [params.item])
      await client.query('INSERT INTO sales (item) VALUES ($1)', [params.item])
      return {}
    }),
  )
  return app
}
