// Gives each name to whoever asks first, by findOrCreate of Sequelize. Usage: names.mjs HOST:PORT POSTGRES-HOST:PORT plain|unique
import { createServer } from 'node:http'
import { DataTypes, Sequelize } from 'sequelize'

const [listen = '', postgres = '', mode = 'plain'] = process.argv.slice(2)
const [pgHost, pgPort] = postgres.split(':')
const options = { host: pgHost, port: Number(pgPort), dialect: 'postgres', logging: false }
const sequelize = new Sequelize('postgres', 'postgres', '', options)
const columns = { name: { type: DataTypes.TEXT, unique: mode === 'unique' }, owner: DataTypes.TEXT }
const Name = sequelize.define('name', columns)
await sequelize.sync()

const [host, port] = listen.split(':')
createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const { owner } = JSON.parse(body)
  try {
    const [, created] = await Name.findOrCreate({ where: { name: request.url.split('/')[2] }, defaults: { owner } })
    response.writeHead(created ? 201 : 409).end('{}')
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(port), host)
