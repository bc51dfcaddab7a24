import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) })
// The output of `prisma migrate diff`. Prisma itself would execute these statements with a separate engine.
const MIGRATION = [
  `CREATE TYPE "Mood" AS ENUM ('SAD', 'OK')`,
  `CREATE TABLE "User" ("id" SERIAL NOT NULL, "email" TEXT NOT NULL, "mood" "Mood" NOT NULL DEFAULT 'OK', CONSTRAINT "User_pkey" PRIMARY KEY ("id"))`,
  `CREATE TABLE "Post" ("id" SERIAL NOT NULL, "title" TEXT NOT NULL, "authorId" INTEGER NOT NULL, CONSTRAINT "Post_pkey" PRIMARY KEY ("id"))`,
  `CREATE UNIQUE INDEX "User_email_key" ON "User"("email")`,
  `ALTER TABLE "Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE`,
]
for (const _ of [1, 2]) {
  const [{ exists }] = await prisma.$queryRaw`select to_regclass('"User"') is not null as exists`
  console.log(exists)
  if (!exists) await prisma.$transaction(MIGRATION.map((sql) => prisma.$executeRawUnsafe(sql)))
}
const ann = await prisma.user.upsert({ where: { email: 'ann' }, update: { mood: 'SAD' }, create: { email: 'ann' } })
await prisma.$transaction(
  async (tx) => {
    await tx.post.create({ data: { title: 'one', author: { connect: { id: ann.id } } } })
    await tx.post.updateMany({ where: { title: { contains: 'on' } }, data: { title: 'two' } })
  },
  { isolationLevel: 'Serializable' },
)
console.log(await prisma.user.findMany({ include: { posts: { orderBy: { id: 'asc' } }, _count: true } }))
console.log(await prisma.post.groupBy({ by: ['title'], _count: true }))
await prisma.user.create({ data: { email: 'ann' } }).catch(({ code }) => console.log(code))
await prisma.$disconnect()
