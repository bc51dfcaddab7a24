// EverShop without its web server: its modules, its database, its services.
const inside = new URL('./node_modules/@evershop/evershop/dist/', import.meta.url)

export async function connect(host, port) {
  const settings = { DB_HOST: host, DB_PORT: port, DB_USER: 'postgres', DB_NAME: 'postgres' }
  Object.assign(process.env, settings, { SUPPRESS_NO_CONFIG_WARNING: '1', ALLOW_CONFIG_MUTATIONS: '1' })
  const { getCoreModules } = await import(new URL('bin/lib/loadModules.js', inside))
  const { pool } = await import('@evershop/evershop/lib/postgres')
  return { modules: getCoreModules(), pool, inside }
}
