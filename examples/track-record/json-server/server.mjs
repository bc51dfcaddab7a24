// Starts json-server as its command does, with a file of items: json-server db.json.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'

const items = ['x', 'y', 'z'].map((id) => ({ id, value: 0 }))
if (!existsSync('db.json')) writeFileSync('db.json', JSON.stringify({ items }))
// In production, json-server does not start without its directory of static files.
mkdirSync('public', { recursive: true })
process.argv.push('db.json')
await import('json-server/lib/bin.js')
