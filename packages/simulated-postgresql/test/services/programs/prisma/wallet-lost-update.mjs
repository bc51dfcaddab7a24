// Wallets, with Prisma and fastify. A deposit reads the balance and writes the new one. If two deposits do so at the
// same time, one may be lost.
import { PrismaPg } from '@prisma/adapter-pg'
import fastify from 'fastify'
import { PrismaClient } from '#prisma'

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env['DATABASE_URL'], max: 5 }) })
const app = fastify()

app.get('/wallets/:name', async (request, reply) => {
  const wallet = await prisma.wallet.findUnique({ where: { name: request.params.name } })
  return wallet ?? reply.code(404).send({ error: 'no such wallet' })
})

app.post('/wallets/:name/deposits', async (request, reply) => {
  const { name } = request.params
  const { amount } = request.body
  const wallet = await prisma.$transaction(async (db) => {
    const { balance } = await db.wallet.findUniqueOrThrow({ where: { name } })
    await db.deposit.create({ data: { wallet: name, amount } })
    return db.wallet.update({ where: { name }, data: { balance: balance + amount } })
  })
  return reply.code(201).send(wallet)
})

await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: process.env['HOST'] ?? '127.0.0.1' })
