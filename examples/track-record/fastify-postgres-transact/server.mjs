import { open } from './shop.mjs'

const app = await open(process.env.DATABASE_URL, process.env.CURED === 'yes')
await app.listen({ host: process.env.HOST, port: Number(process.env.PORT) })
