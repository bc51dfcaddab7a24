// Five times, a delivery of ten mugs and a delivery of one mug arrive at the same time. Usage: receive.mjs HOST:PORT
import { StockLevel, StockLevelService, TransactionalConnection } from '@vendure/core'
import { open } from './vendure.mjs'

const { app, ctx } = await open(process.argv[2])
const connection = app.get(TransactionalConnection)
const stock = app.get(StockLevelService)
const [{ productVariantId, stockLocationId }] = await connection.getRepository(ctx, StockLevel).find()

/** Receives mugs in a transaction, as the resolvers of Vendure do. Repeats the transaction after a conflict. */
async function receive(mugs) {
  for (;;)
    try {
      return await connection.withTransaction(ctx, (ctx) =>
        stock.updateStockOnHandForLocation(ctx, productVariantId, stockLocationId, mugs),
      )
    } catch (error) {
      if (error.code !== '40001') throw error
    }
}

for (let day = 1; day <= 5; day++) await Promise.all([receive(10), receive(1)])
const [{ stockOnHand }] = await connection.getRepository(ctx, StockLevel).find()
console.log(`${stockOnHand} mugs in stock, of 155`)
process.exit()
