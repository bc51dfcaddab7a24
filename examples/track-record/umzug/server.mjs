// Every node migrates the database when it starts.
import { createServer } from 'node:http'
import { migrate } from './migrate.mjs'

while (
  !(await migrate(process.env.DATABASE_URL, process.env.CURED === 'yes').then(
    () => true,
    () => false,
  ))
)
  await new Promise((resolve) => setTimeout(resolve, 50))
createServer((_, response) => response.end('{"migrations":2}')).listen(Number(process.env.PORT))
