import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { chaosHere, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'
import { readComposeFile } from '../../../src/init/compose-file.ts'
import { commandInDockerfile } from '../../../src/init/dockerfile.ts'
import { chooseForFolder, type FolderInput } from '../../../src/init/folder.ts'
import { surveyFolder } from '../../../src/init/survey.ts'
import { configText } from '../../../src/init/template.ts'

function folderOf(files: { readonly [path: string]: string }): string {
  const cwd = realpathSync(temporaryDirectory())
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
  return cwd
}

const manifest = (start: string | undefined, ...packages: readonly string[]): string =>
  JSON.stringify({ scripts: { start }, dependencies: Object.fromEntries(packages.map((name) => [name, '*'])) })

const EXPRESS = `const app = express()
app.get('/orders/:id', (req, res) => {
  const order = orders.get(req.params.id)
  if (!order) return res.status(404).json({ error: 'no such order' })
  res.json({ state: order })
})
app.put('/orders/:id', (req, res) => {
  const { state } = req.body
  orders.set(req.params.id, state)
  res.json({ ok: true })
})
app.listen(process.env.PORT ?? 3000)
`

const FLASK = `from flask import Flask, jsonify, request
shop = Flask(__name__)

@shop.get("/orders/<order>")
def read(order):
    if order not in orders:
        return jsonify(error="no such order"), 404
    return jsonify(order=order, state=orders[order])

@shop.route("/orders/<order>", methods=["PUT"])
def write(order):
    orders[order] = request.json["state"]
    return "", 204
`

const PLAIN_PYTHON = `from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        key = self.path.removeprefix("/items/")
        self.answer(200, json.dumps({"value": items[key]}))
    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        items[self.path.removeprefix("/items/")] = body["value"]

HTTPServer(("", 8000), Handler).serve_forever()
`

const orders = { path: '/orders/{key}', write: 'PUT', value: 'json.state', result: 'json.state' }
const byPort = { PORT: '{port}' }

describe('the survey of a folder', () => {
  test.each([
    [
      'an Express service',
      { 'package.json': manifest('NODE_ENV=production nodemon server.js', 'express'), 'server.js': EXPRESS },
      { command: 'node server.js', environment: { NODE_ENV: 'production', ...byPort } },
      { ...orders, where: 'server.js:7' },
    ],
    [
      'a service in TypeScript with a router of its own',
      {
        'package.json': manifest('tsx src/index.ts', 'express', 'tsx'),
        'src/index.ts': `import items from './items'\napp.use('/api/items', items)\napp.listen(Number(process.env['HTTP_PORT']))`,
        'src/items.ts': `router.get('/:key', (req, res) => res.send({ text: all[req.params.key] }))
router.post('/:key', async (req, res) => { all[req.params.key] = req.body.text; res.end() })`,
      },
      { command: 'npx tsx src/index.ts', environment: { HTTP_PORT: '{port}' } },
      { path: '/api/items/{key}', write: 'POST', value: 'json.text', result: 'json.text', where: 'src/items.ts:2' },
    ],
    [
      'a Fastify service that keeps its data in a directory',
      {
        'package.json': manifest('node app.mjs --quiet', 'fastify'),
        'app.mjs': `const dir = process.env.DATA_DIR
app.get('/kv/:k', async ({ params }) => { return { value: read(params.k) } })
app.put('/kv/:k', async ({ params, body }) => { save(params.k, body.value); return { ok: 1 } })
app.listen({ port: process.env.PORT })`,
      },
      { command: 'node app.mjs --quiet', environment: { ...byPort, DATA_DIR: '{data}' } },
      { path: '/kv/{key}', write: 'PUT', value: 'json.value', result: 'json.value', where: 'app.mjs:3' },
    ],
    [
      'a service of NestJS',
      {
        'package.json': manifest('node dist/main.js', '@nestjs/core'),
        'src/main.ts': 'await app.listen(process.env.PORT ?? 3000)',
        'src/items.controller.ts': `@Controller('items')
export class ItemsController {
  @Get(':id')
  read(@Param('id') id: string) { return { value: this.items.get(id) } }
  @Put(':id')
  write(@Param('id') id: string, @Body() dto: ItemDto) { this.items.set(id, dto.value) }
}`,
      },
      { command: 'node dist/main.js', environment: byPort },
      {
        ...{ path: '/items/{key}', write: 'PUT', value: 'json.value', result: 'json.value' },
        where: 'src/items.controller.ts:5',
      },
    ],
    [
      'a plain server whose path is a regular expression',
      {
        'server.js': `createServer((req, res) => {
  const match = /^\\/notes\\/([^/]+)$/.exec(req.url)
  if (req.method === 'GET') res.end(JSON.stringify({ text: notes.get(match[1]) }))
  if (req.method === 'PUT') req.on('end', () => notes.set(match[1], JSON.parse(body).text))
}).listen(process.env.PORT)`,
      },
      { command: 'node server.js', environment: byPort },
      { path: '/notes/{key}', write: 'PUT', value: 'json.text', result: 'json.text', where: 'server.js:2' },
    ],
    [
      'a FastAPI service whose body is a model of pydantic, with numbers as keys',
      {
        'main.py': `from fastapi import FastAPI
from pydantic import BaseModel

class Stock(BaseModel):
    amount: int
    unit: str = "piece"

app = FastAPI()

@app.get('/stocks/{number}')
def read(number: int):
    return {'amount': stocks[number]}

@app.put('/stocks/{number}')
def write(number: int, new: Stock):
    stocks[number] = new.amount
`,
      },
      { command: 'python3 -m uvicorn main:app --port {port}', environment: {} },
      {
        ...{ path: '/stocks/{key}', write: 'PUT', value: 'json.amount', result: 'json.amount' },
        ...{ where: 'main.py:14', keys: '{number}' },
      },
    ],
    [
      'a Fastify service whose routes are objects, started by the package manager',
      {
        'package.json': manifest('npm run serve', 'fastify'),
        'server.js': `app.route({
  method: 'GET', url: '/stock/:sku', handler: async ({ params }) => { return { quantity: stock.get(params.sku) } } })
app.route({ method: 'PUT', url: '/stock/:sku', handler: async (request) => { save(request.body.quantity) } })
app.listen({ port: process.env.PORT })`,
      },
      { command: 'npm run serve', environment: byPort },
      { path: '/stock/{key}', write: 'PUT', value: 'json.quantity', result: 'json.quantity', where: 'server.js:3' },
    ],
    [
      'a plain server that splits paths',
      {
        'index.js': `createServer((req, res) => {
  const parts = req.url.split('/')
  if (parts[1] !== 'notes') return res.end()
  if (req.method === 'GET') return res.end(JSON.stringify({ text: notes[parts[2]] }))
  if (req.method === 'PUT') req.on('end', () => { const { text } = JSON.parse(body); notes[parts[2]] = text })
}).listen(process.env.PORT)`,
      },
      { command: 'node index.js', environment: byPort },
      { path: '/notes/{key}', write: 'PUT', value: 'json.text', result: 'json.text', where: 'index.js:3' },
    ],
    [
      'a Django service with a view for several methods',
      {
        'manage.py': 'from django.core.management import execute_from_command_line',
        'blog/urls.py': 'urlpatterns = [path("posts/<slug:slug>/", views.post)]',
        'posts/views.py': `def post(request, slug):
    if request.method == "PUT":
        body = json.loads(request.body)
        save(slug, body["likes"])
    return JsonResponse({"slug": slug, "likes": likes(slug)})

def other(request):
    pass
`,
      },
      { command: 'python3 manage.py runserver --noreload 127.0.0.1:{port}', environment: {} },
      { path: '/posts/{key}/', write: 'PUT', value: 'json.likes', result: 'json.likes', where: 'blog/urls.py:1' },
    ],
    [
      'a start script that needs a shell',
      { 'package.json': manifest('npm run build && node dist/index.js', 'koa') },
      { command: 'npm start', environment: byPort },
      undefined,
    ],
    [
      'a server in one file without package.json',
      { 'server.js': `createServer((req, res) => { if (req.method === 'PUT') put(req.url.slice('/kv/'.length)) })` },
      { command: 'node server.js', environment: byPort },
      { path: '/kv/{key}', write: 'PUT', value: undefined, result: undefined, where: 'server.js:1' },
    ],
    [
      'a Flask service',
      { 'requirements.txt': 'flask\n', 'app.py': FLASK },
      { command: 'python3 -m flask --app app:shop run --port {port}', environment: {} },
      { ...orders, where: 'app.py:10' },
    ],
    [
      'a FastAPI service',
      {
        'app/main.py': `from fastapi import FastAPI
api: FastAPI = FastAPI()
@api.get("/orders/{order}")
async def read(order: str):
    return {"state": orders[order]}
@api.put("/orders/{order}")
async def write(order: str, body: Order):
    orders[order] = body.state
`,
      },
      { command: 'python3 -m uvicorn app.main:api --port {port}', environment: {} },
      { ...orders, where: 'app/main.py:6' },
    ],
    [
      'a server of the standard library of Python',
      { 'kv.py': PLAIN_PYTHON },
      { command: 'python3 kv.py', environment: byPort, port: { by: 'source', port: 8000, where: 'kv.py' } },
      { path: '/items/{key}', write: 'PUT', value: 'json.value', result: 'json.value', where: 'kv.py:5' },
    ],
    [
      'a program that a Dockerfile starts',
      { Dockerfile: 'FROM ruby\nEXPOSE 4567\nCMD ["ruby", "app.rb"]\n', 'app.rb': 'get "/"' },
      { command: 'ruby app.rb', environment: byPort },
      undefined,
    ],
  ])('the survey of a folder finds %s, its command and its routes', (_, files, program, routes) => {
    const survey = surveyFolder(folderOf(files))
    expect(survey.program).toMatchObject(program)
    expect(survey.source.routes).toEqual(routes === undefined ? [] : [routes])
  })

  test('the survey of a folder finds nothing in a folder without a server', () => {
    const files = {
      'package.json': manifest('react-scripts start', 'react'),
      'src/index.js': 'render()',
      'a.py': 'import json',
    }
    expect(surveyFolder(folderOf(files)).program).toBeUndefined()
  })

  test('the survey of a folder finds the process that listens in it', async () => {
    const cwd = folderOf({})
    const script = `require('node:http').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
    const child = spawn(process.execPath, ['-e', script], { cwd, stdio: ['ignore', 'pipe', 'ignore'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [line] = await once(child.stdout, 'data')
    const found = surveyFolder(cwd).listening
    if (process.platform === 'linux') expect(found).toMatchObject([{ pid: child.pid, port: Number(String(line)) }])
    else expect(found).toEqual([])
  })

  test('the survey of a folder reads the services of a Compose file', () => {
    const text = `# a shop
version: "3"
services:
  web:
    build: .
    environment:
      image: none
    ports:
      - "8080:3000"
      - 127.0.0.1:9090:9090/tcp
  db:
    image: 'postgres:16' # the usual one
    ports: ["5432:5432"]

  cache:
    image: redis
volumes:
  data:
`
    expect(readComposeFile(text)).toEqual([
      { name: 'web', image: undefined, ports: ['8080', '9090'] },
      { name: 'db', image: 'postgres:16', ports: ['5432'] },
      { name: 'cache', image: 'redis', ports: [] },
    ])
    expect(readComposeFile('services:\n  a:\n    ports:\n    - 80:80\n    image: a')).toEqual([
      { name: 'a', image: 'a', ports: ['80'] },
    ])
    expect(readComposeFile('nothing')).toEqual([])
  })

  test('the survey of a folder reads the last stage of a Dockerfile', () => {
    const text =
      'FROM node AS build\nCMD ["no"]\nFROM node\nEXPOSE 3000/tcp 9000\nENTRYPOINT ["node"]\nCMD server.js \\\n  --quiet\n'
    expect(commandInDockerfile(text)).toEqual(['node', 'server.js', '--quiet'])
  })
})

/** Runs `chooseForFolder`, and types `answers` at its prompts. `said` contains all prompts and all printed text. */
async function initialise(
  files: { readonly [path: string]: string },
  answers: readonly string[] | undefined,
  typed = {},
) {
  const said: string[] = []
  const left = [...(answers ?? [])]
  const answer = async (question: string) => {
    said.push(question)
    return left.shift() ?? 'n'
  }
  const choice = await chooseForFolder({
    survey: surveyFolder(folderOf(files)),
    typed: { path: undefined, value: undefined, nodes: undefined, ...typed },
    prompt: answers === undefined ? undefined : answer,
    print: (text) => void said.push(text),
  } satisfies FolderInput)
  return { choice, said: said.join(''), left }
}

const SHOP = { 'package.json': manifest('node server.js', 'express'), 'server.js': EXPRESS }

describe('chaos init on a terminal', () => {
  test('chaos init shows the survey and the planned files, and asks for confirmation', async () => {
    const { choice, said, left } = await initialise(SHOP, [''])
    expect(said).toBe(`    package.json  express, started by node server.js
    server.js     reads its port from PORT
    server.js:7   GET and PUT /orders/{key}

  chaos.config.ts
    starts  PORT={port} node server.js; 1 node
    reads   GET /orders/{key}, the value at json.state
    writes  PUT /orders/{key}, the value at json.state

Write chaos.config.ts? [Y/n] `)
    expect([choice.write, left]).toEqual(['configuration', []])
  })

  test('chaos init reports that the file named in the start script does not exist', async () => {
    const files = { 'package.json': manifest('node server.js', 'express'), 'other.js': EXPRESS }
    const { choice, said } = await initialise(files, [''])
    expect(said).toContain('    server.js     does not exist\n')
    expect(said).toContain('package.json starts server.js, but there is no such file.')
    expect(said).not.toContain('reads its port')
    expect(choice).toMatchObject({ write: 'configuration', next: 'start' })
  })

  test('chaos init writes nothing if the answer is no, and names other ways to begin', async () => {
    const { choice, said } = await initialise(SHOP, ['n'])
    expect(choice).toEqual({ write: 'nothing' })
    expect(said).toMatch(/Nothing was written.*npx chaos init --compose .*npx chaos init --target raft/s)
  })

  test('chaos init asks for the routes that it cannot find', async () => {
    const files = { 'package.json': manifest('node server.js', 'express'), 'server.js': "app.post('/orders', create)" }
    const { choice, said } = await initialise(files, ['/orders/{key}', '', 'yes'])
    expect(said).toContain('None of the routes (POST /orders) reads and writes one object by its path')
    expect(choice).toMatchObject({ start: { place: { path: '/orders/{key}', value: 'json.item' } } })
  })

  test('chaos init offers to write a declaration of a Compose project, and writes nothing in an empty folder', async () => {
    const compose = await initialise({ 'compose.yaml': 'services:\n  web:\n    image: shop\n    ports: ["80:80"]\n' }, [
      'y',
    ])
    expect(compose.said).toContain('compose.yaml  web (shop, port 80)')
    expect(compose.choice).toEqual({ write: 'declaration', composeFile: 'compose.yaml' })
    const nothing = await initialise({}, [''])
    expect(nothing.said).toMatch(/Nothing here looks like a service.*npx chaos init --target raft/s)
    expect(nothing.choice).toEqual({ write: 'nothing' })
  })
})

/**
 * The source of a service that stores the member `state` of a request, and returns it in the member `member`. It
 * refuses keys that do not match `names`.
 */
const STORE = (names: string, member = 'state') => `import { createServer } from 'node:http'
const all = new Map()
createServer(async (req, res) => {
  let text = ''
  for await (const chunk of req) text += chunk
  const key = req.url.slice('/orders/'.length)
  const answer = (status, body) => res.writeHead(status).end(JSON.stringify(body))
  if (!/${names}/.test(key)) return answer(400, { error: 'a number, please' })
  if (req.method === 'PUT') { all.set(key, JSON.parse(text).state); return answer(200, {}) }
  if (req.method === 'GET') return all.has(key) ? answer(200, { ${member}: all.get(key) }) : answer(404, {})
}).listen(process.env.PORT, '127.0.0.1', () => console.log('up as ' + process.pid))
`
const storeWith = (server: string) => folderOf({ 'server.mjs': server, 'package.json': manifest('node server.mjs') })
const configIn = (cwd: string) => readFileSync(join(cwd, 'chaos.config.ts'), 'utf8')

describe('chaos init for a service that can be started', () => {
  test('chaos init writes one value to the service, reads it back, and shows both', async () => {
    const cwd = storeWith(STORE('.'))
    const { exitCode, stdout } = await chaosHere(['init'], { cwd })
    expect(stdout).toMatch(/tried +n1: PUT \/orders\/r-\w+ \{"state":7\} was answered 200 \{\}\n/)
    expect(stdout).toMatch(/tried +n1: GET \/orders\/r-\w+ was answered 200 \{"state":7\}\n/)
    expect(stdout).toMatch(/Wrote chaos\.config\.ts\. Next: npx chaos run smoke\n$/)
    expect(exitCode).toBe(0)
  })

  test('chaos init prefers the routes in the responses of the service to the routes in its source', async () => {
    const cwd = storeWith(STORE('^\\d+$', '["sta" + "te2"]'))
    expect((await chaosHere(['init'], { cwd })).stdout).toContain('GET /orders/{key}, the value at json.state2')
    expect(configIn(cwd)).toContain("keys: '9000000{number}'")
    expect(configIn(cwd)).toContain("{ request: 'GET /orders/{key}', f: 'read', result: 'json.state2', outcomes:")
  })

  test('chaos init reports why a tried route did not work, and marks the route in the configuration with a comment', async () => {
    const cwd = storeWith(STORE('never'))
    const { stdout } = await chaosHere(['init'], { cwd })
    expect(stdout).toContain('• /orders/{key} was tried: the first write did not work: PUT /orders/r-')
    expect(stdout).toMatch(/Next: correct client\.routes in it as said above, then npx chaos doctor\n$/)
    expect(configIn(cwd)).toContain(
      '// chaos tried these requests when it wrote this file, and they did not work: npx chaos doctor shows why.\n',
    )
  })

  test('chaos init reports why the service did not start, and marks its routes as untested', async () => {
    const cwd = storeWith(`import 'no-such-package'\n${STORE('.')}`)
    const { stdout, exitCode } = await chaosHere(['init'], { cwd })
    expect(stdout).toMatch(/• Not tried: n1 did not start \(exit code 1\)\..*Cannot find package 'no-such-package'/s)
    expect(configIn(cwd)).toContain(
      '// chaos could not try these requests when it wrote this file: npx chaos doctor shows why.\n',
    )
    expect(exitCode).toBe(0)
  })

  test('chaos init exits with 130 on an interrupt, stops the service and writes nothing', async () => {
    const cwd = storeWith(
      STORE('.').replace('return answer(200, {})', "writeFileSync('pid', String(process.pid)); return"),
    )
    writeFileSync(
      join(cwd, 'server.mjs'),
      `import { writeFileSync } from 'node:fs'\n${readFileSync(join(cwd, 'server.mjs'))}`,
    )
    const { child, finished } = startChaos(['init'], { cwd })
    await expect.poll(() => existsSync(join(cwd, 'pid'))).toBe(true)
    child.kill('SIGINT')
    expect(await finished).toMatchObject({ exitCode: 130, stderr: expect.stringContaining('Interrupted') })
    expect(existsSync(join(cwd, 'chaos.config.ts'))).toBe(false)
    expect(() => process.kill(Number(readFileSync(join(cwd, 'pid'), 'utf8')), 0)).toThrow('ESRCH')
  })
})

describe('chaos init without a terminal', () => {
  test('chaos init writes a configuration for the service that it found, and prints the next steps', async () => {
    const cwd = folderOf(SHOP)
    const { exitCode, stdout } = await chaosHere(['init', '--no-try'], { cwd })
    expect(exitCode).toBe(0)
    expect(stdout).not.toContain('starting')
    expect(stdout).toMatch(/Wrote chaos\.config\.ts\. Next: npx chaos doctor, then npx chaos run smoke\n$/)
    const text = readFileSync(join(cwd, 'chaos.config.ts'), 'utf8')
    for (const part of [
      'nodes: 1,',
      'command: "node server.js"',
      'environment: { PORT: "{port}" }',
      "keys: '{key}-{run}'",
      "{ request: 'GET /orders/{key}', f: 'read', result: 'json.state', outcomes: { 404: 'absent' } }",
      "{ request: 'PUT /orders/{key}', f: 'write', value: 'json.state' }",
    ])
      expect(text).toContain(part)
    expect((await chaosHere(['doctor', '--no-rehearsal'], { cwd })).exitCode).toBe(0)
  })

  test('chaos init reports what prevents a run, with a remedy', async () => {
    const { said } = await initialise({ 'kv.py': PLAIN_PYTHON }, undefined)
    expect(said).toContain(
      "kv.py always listens on 8000, and each node needs a port of its own: write int(os.environ.get('PORT', 8000)) in its place",
    )
    const { stdout } = await chaosHere(['init'], { cwd: folderOf({ 'kv.py': PLAIN_PYTHON }) })
    expect(stdout).toMatch(/Next: give the service its port as said above, then npx chaos run smoke\n$/)
    const { said: routeless } = await initialise({ 'server.js': 'createServer().listen(process.env.PORT)' }, undefined)
    expect(routeless).toMatch(
      /No route was found\. .*npx chaos init --force --path \/orders\/\{key\} --value json\.state/,
    )
    const { said: typed } = await initialise(SHOP, undefined, { path: '/v2/{key}', nodes: 3 })
    expect(typed).toMatch(/node server\.js; 3 nodes\n.*GET \/v2\/\{key\}.*\n.*PUT \/v2\/\{key\}/)
  })

  test('chaos init writes nothing for a program in an unknown language, and names the command to run instead', async () => {
    await expect(initialise({ 'go.mod': 'module shop\n', 'main.go': 'package main' }, undefined)).rejects.toThrow(
      /^go\.mod belongs to a program in Go.*npx chaos init --command '\.\/server --port \{port\}'.*Nothing was written/s,
    )
    const cwd = folderOf({ Gemfile: "gem 'rails'" })
    expect(await chaosHere(['init'], { cwd })).toMatchObject({ exitCode: 3, stdout: '' })
    expect(existsSync(join(cwd, 'chaos.config.ts'))).toBe(false)
  })

  test('chaos init without a terminal writes nothing if it would have to ask a question about the folder', async () => {
    await expect(initialise({ 'compose.yaml': 'services:\n  web:\n    image: shop\n' }, undefined)).rejects.toThrow(
      /Nothing was written\. .*npx chaos init --compose compose\.yaml/,
    )
    await expect(initialise({ Dockerfile: 'FROM scratch\nCMD ["/shop"]\n' }, undefined)).rejects.toThrow(
      /Dockerfile runs \/shop, a program of the image/,
    )
  })

  test('the configuration of a running service has its address as the only node, and no fault that kills nodes', () => {
    const text = configText({ target: { address: '127.0.0.1:8000' }, nodes: 1 })
    expect(text).toContain("nodes: [{ addresses: { client: '127.0.0.1:8000' } }]")
    expect(text).toContain("faults: ['lose-reply', 'delay-clients']")
  })
})
