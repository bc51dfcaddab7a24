import pg from 'pg'
import { RateLimiterPostgres } from 'rate-limiter-flexible'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const start = () =>
  new Promise((resolve, reject) => {
    const limiter = new RateLimiterPostgres(
      { storeClient: pool, points: 2, duration: 60, tableName: 'limits', clearExpiredByTimeout: false },
      (error) => (error ? reject(error) : resolve(limiter)),
    )
  })
await start()
const limiter = await start()
console.log((await limiter.consume('ann')).remainingPoints, (await limiter.consume('ann')).remainingPoints)
await limiter
  .consume('ann')
  .catch(({ remainingPoints, consumedPoints }) => console.log(remainingPoints, consumedPoints))
await limiter.penalty('ann', 2)
console.log((await limiter.get('ann')).consumedPoints, await limiter.delete('ann'), await limiter.get('ann'))
await pool.end()
