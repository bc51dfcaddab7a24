// Creates the tables of Vendure, a mug, and a stock of 100. Usage: stock.mjs HOST:PORT
import { Product, ProductVariant, StockLevel, StockLocation, TransactionalConnection } from '@vendure/core'
import { open } from './vendure.mjs'

const { app, ctx } = await open(process.argv[2], { synchronize: true })
const repository = (entity) => app.get(TransactionalConnection).getRepository(ctx, entity)
const product = await repository(Product).save(new Product({ enabled: true }))
const variant = await repository(ProductVariant).save(new ProductVariant({ product, sku: 'mug', enabled: true }))
const [location] = await repository(StockLocation).find()
await repository(StockLevel).save(
  new StockLevel({ productVariant: variant, stockLocation: location, stockOnHand: 100, stockAllocated: 0 }),
)
process.exit()
