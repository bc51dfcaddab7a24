// Vendure without its web server.
import { bootstrapWorker, DefaultLogger, LogLevel, RequestContextService } from '@vendure/core'

export async function open(address, { synchronize = false } = {}) {
  const [host, port] = address.split(':')
  const { app } = await bootstrapWorker({
    apiOptions: { port: 0, adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
    authOptions: { tokenMethod: 'bearer', superadminCredentials: { identifier: 'admin', password: 'admin' } },
    dbConnectionOptions: {
      ...{ type: 'postgres', host, port: Number(port), username: 'postgres', database: 'postgres', synchronize },
    },
    logger: new DefaultLogger({ level: LogLevel.Error }),
    paymentOptions: { paymentMethodHandlers: [] },
  })
  return { app, ctx: await app.get(RequestContextService).create({ apiType: 'admin' }) }
}
