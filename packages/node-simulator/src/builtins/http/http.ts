import http from 'node:http'
import { type Life, runningLife } from '../../world/life.ts'

/** Returns a program's agent. An agent shared by all nodes would mix up their connections. */
function agentOf(life: Life): http.Agent {
  life.agent ??= new http.Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5_000 })
  return life.agent
}

type Args = [url: string | URL | http.RequestOptions, options?: unknown, callback?: unknown]

function request(...args: Args): http.ClientRequest {
  const [first, second, third] = args
  const agent = agentOf(runningLife())
  if (typeof first === 'string' || first instanceof URL) {
    const given = typeof second === 'function' || second === undefined ? {} : (second as http.RequestOptions)
    const callback = (typeof second === 'function' ? second : third) as
      | ((got: http.IncomingMessage) => void)
      | undefined
    return http.request(first, withAgent(given, agent), callback)
  }
  return http.request(withAgent(first, agent), second as ((got: http.IncomingMessage) => void) | undefined)
}

/**
 * Uses the program's agent unless the options contain another one. With `agent: false`, the request has its own agent.
 */
const withAgent = (options: http.RequestOptions, agent: http.Agent): http.RequestOptions => ({
  ...options,
  _defaultAgent: agent,
  agent: options.agent === undefined ? agent : options.agent,
})

function get(...args: Args): http.ClientRequest {
  const call = request(...args)
  call.end()
  return call
}

/** `node:http`, whose agent is the program's own. */
export function httpModule(): object {
  return Object.defineProperty({ ...http, request, get }, 'globalAgent', {
    enumerable: true,
    get: () => agentOf(runningLife()),
    set(agent: http.Agent) {
      runningLife().agent = agent
    },
  })
}

export const simulatedRequest: (options: http.RequestOptions) => http.ClientRequest = request
