import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises } from '@chaosproxy/node-simulator'
import { afterAll, describe, expect, test } from 'vitest'

// The services in this file run on two nodes, and copy each write to the other node, as users would write such
// services. They use the frameworks and packages of most Node services. The packages are installed for the test, and
// not modified.

const folder = mkdtempSync(join(tmpdir(), 'chaos-frameworks-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'package.json'), '{}')
const options = { experimentalDecorators: true, emitDecoratorMetadata: true, target: 'ES2022', module: 'nodenext' }
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }))
const routes = join(folder, 'routes.json')
writeFileSync(
  routes,
  JSON.stringify({
    routes: [
      { request: 'GET /kv/{key}', f: 'read', result: 'json.value' },
      { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' },
    ],
  }),
)

interface Framework {
  readonly packages: readonly string[]
  readonly program: string
  /** Whether a run that reuses the packages of an earlier run differs from the earlier run in any byte. */
  readonly keepsSomething?: boolean
}

const PEERS = `const peers = process.env.PEERS.split(',')`

const FRAMEWORKS: { readonly [name: string]: Framework } = {
  'Koa, with axios': {
    packages: ['koa@3.3.0', '@koa/router@15.7.0', 'koa-bodyparser@4.4.1', 'axios@1.21.1'],
    program: `
      import Router from '@koa/router'
      import axios from 'axios'
      import Koa from 'koa'
      import bodyParser from 'koa-bodyparser'
      ${PEERS}
      const data = new Map()
      const router = new Router()
      router.get('/kv/:key', (context) => {
        if (data.has(context.params.key)) context.body = { value: data.get(context.params.key) }
      })
      router.put('/kv/:key', async (context) => {
        const { value, copied } = context.request.body
        data.set(context.params.key, value)
        if (!copied) await Promise.all(peers.map((peer) => axios.put(peer + context.path, { value, copied: true })))
        context.body = { ok: true }
      })
      new Koa().use(bodyParser()).use(router.routes()).listen(process.env.PORT)`,
  },
  'node:http, with lodash, bluebird, winston, opossum and bottleneck': {
    packages: ['lodash@4.17.21', 'bluebird@3.7.2', 'winston@3.19.0', 'opossum@9.0.0', 'bottleneck@2.19.5'],
    program: `
      import { createServer } from 'node:http'
      import Promise from 'bluebird'
      import Bottleneck from 'bottleneck'
      import _ from 'lodash'
      import CircuitBreaker from 'opossum'
      import winston from 'winston'
      ${PEERS}
      const log = winston.createLogger({ transports: [new winston.transports.Console()] })
      const limiter = new Bottleneck({ maxConcurrent: 1 })
      const copy = new CircuitBreaker((url, body) => fetch(url, { method: 'PUT', body }), { timeout: 300 })
      const data = {}
      async function answer({ method, url }, text) {
        if (method === 'GET') return { value: _.get(data, [url, 'value'], null) }
        const { value, copied } = JSON.parse(text)
        _.set(data, [url, 'value'], value)
        const told = JSON.stringify({ value, copied: true })
        if (!copied) await Promise.map(peers, (peer) => limiter.schedule(() => copy.fire(peer + url, told)))
        log.info(_.startCase('written ' + url))
        return {}
      }
      createServer(async (request, response) => {
        let text = ''
        for await (const part of request) text += part
        await Promise.delay(1)
        response.end(JSON.stringify(await Promise.resolve(answer(request, text)).timeout(900)))
      }).listen(process.env.PORT)`,
  },
  'Hono, with ky, zod, lru-cache and async-mutex': {
    packages: [
      'hono@4.13.19',
      '@hono/node-server@2.1.9',
      'ky@1.14.3',
      'zod@4.6.7',
      'lru-cache@11.5.3',
      'async-mutex@0.5.0',
    ],
    program: `
      import { serve } from '@hono/node-server'
      import { Mutex } from 'async-mutex'
      import { Hono } from 'hono'
      import ky from 'ky'
      import { LRUCache } from 'lru-cache'
      import { z } from 'zod'
      ${PEERS}
      const data = new LRUCache({ max: 1_000 })
      const mutex = new Mutex()
      const written = z.object({ value: z.number(), copied: z.boolean().optional() })
      const app = new Hono()
      app.get('/kv/:key', (context) => {
        const value = data.get(context.req.param('key'))
        return value === undefined ? context.json({}, 404) : context.json({ value })
      })
      app.put('/kv/:key', async (context) => {
        const { value, copied } = written.parse(await context.req.json())
        await mutex.runExclusive(async () => data.set(context.req.param('key'), value))
        const json = { value, copied: true }
        if (!copied) await Promise.all(peers.map((peer) => ky.put(peer + context.req.path, { json, retry: 0 })))
        return context.json({ ok: true })
      })
      serve({ fetch: app.fetch, port: Number(process.env.PORT) })`,
  },
  'express, with got, pino, p-queue, uuid, nanoid and a rate limit': {
    packages: [
      'express@5.3.0',
      'express-rate-limit@8.7.5',
      'got@14.6.6',
      'pino@10.4.0',
      'p-queue@9.3.5',
      'uuid@14.0.3',
      'nanoid@5.1.16',
    ],
    program: `
      import express from 'express'
      import { rateLimit } from 'express-rate-limit'
      import got from 'got'
      import { nanoid } from 'nanoid'
      import PQueue from 'p-queue'
      import pino from 'pino'
      import { v4 } from 'uuid'
      ${PEERS}
      const [log, queue, data, app] = [pino(), new PQueue({ concurrency: 2 }), new Map(), express()]
      app.use(rateLimit({ windowMs: 60_000, limit: 1_000 }), express.json())
      app.get('/kv/:key', ({ params }, response) =>
        data.has(params.key) ? response.json({ value: data.get(params.key) }) : response.sendStatus(404),
      )
      app.put('/kv/:key', async ({ params, body, path }, response) => {
        data.set(params.key, body.value)
        log.info({ id: v4(), short: nanoid(), ...body }, 'written')
        const json = { ...body, copied: true }
        if (!body.copied) await Promise.all(peers.map((peer) => queue.add(() => got.put(peer + path, { json }))))
        response.json({ ok: true })
      })
      app.listen(process.env.PORT)`,
  },
  'Nest, in TypeScript with decorators': {
    packages: [
      '@nestjs/core@12.5.1',
      '@nestjs/common@12.5.1',
      '@nestjs/platform-express@12.5.1',
      'reflect-metadata@0.2.2',
      'rxjs@7.8.2',
    ],
    program: `
      import 'reflect-metadata'
      import { Body, Controller, Get, Injectable, Module, NotFoundException, Param, Put } from '@nestjs/common'
      import { NestFactory } from '@nestjs/core'
      ${PEERS}
      @Injectable()
      class Store {
        readonly data = new Map<string, number>()
      }
      @Controller('kv')
      class KeyValueController {
        constructor(private readonly store: Store) {}
        @Get(':key') get(@Param('key') key: string) {
          const value = this.store.data.get(key)
          if (value === undefined) throw new NotFoundException()
          return { value }
        }
        @Put(':key') async put(@Param('key') key: string, @Body() body: { value: number; copied?: boolean }) {
          this.store.data.set(key, body.value)
          if (!body.copied) await Promise.all(peers.map((peer) => fetch(peer + '/kv/' + key, {
            method: 'PUT',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ ...body, copied: true }),
          })))
          return { ok: true }
        }
      }
      @Module({ controllers: [KeyValueController], providers: [Store] })
      class AppModule {}
      const app = await NestFactory.create(AppModule, { logger: false })
      await app.listen(Number(process.env['PORT']))`,
  },
  'hapi, with superagent, jsonwebtoken and bcryptjs': {
    packages: ['@hapi/hapi@21.4.10', 'superagent@10.4.2', 'jsonwebtoken@9.0.3', 'bcryptjs@3.0.3'],
    program: `
      import Hapi from '@hapi/hapi'
      import bcrypt from 'bcryptjs'
      import jwt from 'jsonwebtoken'
      import superagent from 'superagent'
      ${PEERS}
      const data = new Map()
      const secret = await bcrypt.hash('secret', 4)
      const server = Hapi.server({ port: process.env.PORT })
      server.route({
        method: 'GET',
        path: '/kv/{key}',
        handler: ({ params }, answer) =>
          data.has(params.key) ? { value: data.get(params.key) } : answer.response({}).code(404),
      })
      server.route({
        method: 'PUT',
        path: '/kv/{key}',
        handler: async ({ params, payload, path }) => {
          jwt.verify(jwt.sign({ may: 'write' }, secret), secret)
          data.set(params.key, payload.value)
          if (!payload.copied)
            await Promise.all(peers.map((peer) => superagent.put(peer + path).send({ ...payload, copied: true })))
          return { ok: true }
        },
      })
      await server.start()`,
  },
  h3: {
    packages: ['h3@2.0.8'],
    program: `
      import { H3, serve } from 'h3'
      ${PEERS}
      const data = new Map()
      const app = new H3()
      app.get('/kv/:key', ({ context: { params } }) =>
        data.has(params.key) ? { value: data.get(params.key) } : new Response('{}', { status: 404 }),
      )
      app.put('/kv/:key', async ({ context: { params }, req }) => {
        const { value, copied } = await req.json()
        data.set(params.key, value)
        const body = JSON.stringify({ value, copied: true })
        if (!copied) await Promise.all(peers.map((peer) => fetch(peer + '/kv/' + params.key, { method: 'PUT', body })))
        return { ok: true }
      })
      serve(app, { port: process.env.PORT })`,
  },
  'socket.io between nodes': {
    packages: ['socket.io@4.8.4', 'socket.io-client@4.8.4'],
    // The package `ws` generates the mask keys of its frames in advance, and keeps those that it has not used yet.
    keepsSomething: true,
    program: `
      import { createServer } from 'node:http'
      import { text } from 'node:stream/consumers'
      import { Server } from 'socket.io'
      import { io } from 'socket.io-client'
      ${PEERS}
      const data = new Map()
      const server = createServer(async (request, response) => {
        const key = request.url.split('/')[2]
        if (request.method === 'GET') {
          response.statusCode = data.has(key) ? 200 : 404
          return response.end(JSON.stringify({ value: data.get(key) }))
        }
        const { value } = JSON.parse(await text(request))
        data.set(key, value)
        await Promise.all(links.map((link) => link.emitWithAck('copy', key, value)))
        response.end('{}')
      })
      new Server(server).on('connection', (link) =>
        link.on('copy', (key, value, done) => {
          data.set(key, value)
          done()
        }),
      )
      const links = peers.map((peer) => io(peer, { transports: ['websocket'] }))
      server.listen(process.env.PORT)`,
  },
}

/** Writes at one node and reads at the other. Returns both outcomes and the trace of all events. */
async function copied(
  program: string,
  keepsPackages = false,
): Promise<{ readonly outcomes: readonly object[]; readonly trace: string }> {
  const service = await loadService({ program, routes })
  const trace: string[] = []
  return outsidePromises(() => {
    const cluster = createServiceCluster(service, {
      ...{ nodes: 2, seed: 1, trace: (text) => void trace.push(text), keepsPackages },
    })
    try {
      cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
      const outcomes: object[] = []
      const ask = (node: string, f: string, value: number | null): void => {
        cluster.connect(node).invoke({ input: { f, key: 'x', value }, harmless: false }, millis(2_000), (outcome) => {
          outcomes.push(outcome)
        })
        cluster.run(() => false, { events: 100_000, durationMs: millis(3_000) })
      }
      ask('n1', 'write', 7)
      ask('n2', 'read', null)
      return { outcomes, trace: trace.join('\n') }
    } finally {
      cluster.close?.()
    }
  })
}

/** CHAOS_SOAK=short uses every second framework. */
const chosen = Object.entries(FRAMEWORKS).filter((_, i) => process.env['CHAOS_SOAK'] !== 'short' || i % 2 === 0)

describe('a simulated service on an unmodified framework', () => {
  test.for(chosen)(
    'a simulated service has the same results whether packages are loaded afresh or kept: %s',
    async ([name, { packages, program, keepsSomething = false }], context) => {
      const directory = mkdtempSync(join(folder, 'service-'))
      writeFileSync(join(directory, 'package.json'), '{}')
      const install = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', ...packages]
      const { status, stderr } = spawnSync('npm', install, { cwd: directory, encoding: 'utf8', timeout: 180_000 })
      if (status !== 0) context.skip(`npm cannot install ${packages.join(', ')}: ${stderr.slice(0, 200)}`)
      const file = join(directory, name.startsWith('Nest') ? 'server.ts' : 'server.mjs')
      writeFileSync(file, program)
      const { outcomes, trace } = await copied(file)
      expect(outcomes).toMatchObject([{ type: 'ok' }, { type: 'ok', value: 7 }])
      expect((await copied(file)).trace).toBe(trace)
      const kept = [await copied(file, true), await copied(file, true), await copied(file, true)]
      expect(kept.map((run) => run.trace === trace)).toEqual([true, !keepsSomething, !keepsSomething])
      expect(kept.map((run) => run.outcomes)).toEqual([outcomes, outcomes, outcomes])
    },
  )
})
