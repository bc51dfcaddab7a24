// Doctors on call, with postgres.js and fastify. A doctor leaves if the deputy stays; at REPEATABLE READ both may leave.
import fastify from 'fastify'
import postgres from 'postgres'

const sql = postgres({ max: 5 })
const app = fastify()

app.get('/doctors/:name', async (request, reply) => {
  const [doctor] = await sql`SELECT on_call FROM doctors WHERE name = ${request.params.name}`
  return doctor ?? reply.code(404).send({ error: 'no such doctor' })
})

app.post('/doctors/:name/leave', async (request) => {
  const { name } = request.params
  const { deputy } = request.body
  return sql.begin('ISOLATION LEVEL REPEATABLE READ', async (sql) => {
    const [stays] = await sql`SELECT on_call FROM doctors WHERE name = ${deputy}`
    if (!stays?.on_call) return { on_call: true }
    await sql`INSERT INTO changes ${sql({ doctor: name, deputy })}`
    const [doctor] = await sql`UPDATE doctors SET on_call = false WHERE name = ${name} RETURNING on_call`
    return doctor
  })
})

app.post('/doctors/:name/return', async (request) => {
  const [doctor] = await sql`UPDATE doctors SET on_call = true WHERE name = ${request.params.name} RETURNING on_call`
  return doctor
})

await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: process.env['HOST'] ?? '127.0.0.1' })
