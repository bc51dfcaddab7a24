import { request } from 'node:http'
import { cleanUp, network } from '../../../testing/src/sockets.ts'
import { createControlPlane } from '../../src/control/plane/plane.ts'
import { type ControlOptions, startControl } from '../../src/control/start.ts'
import type { ProxyRecording } from '../../src/control/state/recording.ts'

export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly text: string
  /** The body as JSON. */
  readonly json: ReturnType<typeof JSON.parse>
}

export interface Question {
  readonly method?: string
  readonly path: string
  /** A string is sent unchanged; any other value is sent as JSON. */
  readonly body?: unknown
  readonly headers?: { readonly [name: string]: string }
}

/** Allows every address. For tests that read routes but open no listener. */
export const anywhere = (listen: string): string => listen

/** Starts a control interface for one test. `ask` sends a request to it. */
export async function control(options: Partial<ControlOptions> & { seed?: number; recording?: ProxyRecording } = {}) {
  const { seed = 1, recording, ...more } = options
  const plane = createControlPlane({ network: network({ seed }), seed, recording })
  const server = await startControl(plane, {
    listen: '127.0.0.1:0',
    version: 'test',
    toxiproxy: { version: '2.12.0', metrics: true },
    ...more,
  })
  cleanUp(async () => {
    plane.close()
    await server.close()
  })
  const ask = (method: string, path: string, body?: unknown, headers?: Question['headers']) =>
    send(server, { method, path, body, ...(headers === undefined ? {} : { headers }) })
  return { plane, server, ask, url: `http://127.0.0.1:${server.port}` }
}

/** Sends one request on its own connection. The path and the headers are sent unchanged. */
export function send(to: { host: string; port: number }, question: Question): Promise<Answer> {
  const { method = 'GET', path, body, headers = {} } = question
  return new Promise((resolve, reject) => {
    const asked = request({ host: to.host, port: to.port, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0 } = response
        resolve({
          status: statusCode,
          headers: response.headers,
          text,
          get json() {
            return JSON.parse(text)
          },
        })
      })
    })
    asked.on('error', reject)
    asked.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  })
}
