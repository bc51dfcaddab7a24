// Each name may log in five times an hour, on all nodes together. POST /logins/NAME answers {"admitted": true}, or
// {"admitted": false} with status 429. The counts are in PostgreSQL.
import { createServer } from 'node:http'
import pg from 'pg'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
pool.on('error', () => {})
const counts = { storeClient: pool, tableName: 'limits', tableCreated: true }
const limiter = new RateLimiterPostgres({ points: 5, duration: 3_600, ...counts })

createServer(async ({ url }, response) => {
  try {
    await limiter.consume(url.slice('/logins/'.length))
    response.end(JSON.stringify({ admitted: true }))
  } catch (refused) {
    const status = refused instanceof RateLimiterRes ? 429 : 503
    response.writeHead(status).end(JSON.stringify({ admitted: false }))
  }
}).listen(Number(process.env.PORT))
