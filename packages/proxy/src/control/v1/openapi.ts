import { type DescribedRoute, type Schema, schemaOfParameter } from './described-route.ts'
import { componentSchemas } from './schemas.ts'

const ALWAYS: readonly number[] = [400, 401, 403, 413, 503]

const REASONS: { readonly [status: number]: string } = {
  400: 'The request is invalid; the message says what and why.',
  401: 'A token is needed.',
  403: 'Sent by a web page, or to a host name that is not this machine.',
  404: 'There is no such thing.',
  409: 'The name is taken, or belongs to something else.',
  412: 'Another rule set is in force than the one named by If-Match.',
  413: 'The body is too large.',
  500: 'This machine cannot do it, for example because the port is taken.',
  503: 'No answer in time.',
}

/** Returns the OpenAPI 3.1 description, generated from the routes' metadata. */
export function describeApi(routes: readonly DescribedRoute[], version: string): object {
  const paths: { [path: string]: { [method: string]: object } } = {}
  for (const route of routes) {
    const operations = paths[route.path] ?? {}
    paths[route.path] = operations
    operations[route.method.toLowerCase()] = describeRoute(route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'chaos proxy',
      version,
      description: 'Faults on live connections: proxies, links, faults, partitions, rule sets, leases, events.',
    },
    paths,
    components: {
      schemas: componentSchemas,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    security: [{}, { token: [] }],
  }
}

function describeRoute(route: DescribedRoute): object {
  const { operation, summary, body, success, errors = [] } = route
  const successContent = success.schema === undefined ? {} : { content: content(success.schema, success.contentType) }
  return {
    operationId: operation,
    summary,
    parameters: describeParameters(route),
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body) } }),
    responses: {
      [success.status]: { description: success.description, ...successContent },
      ...(success.created === undefined ? {} : { 201: { description: success.created, ...successContent } }),
      ...Object.fromEntries([...ALWAYS, ...errors].map((status) => [status, describeError(status)])),
    },
  }
}

const describeParameters = ({ path, query = [] }: DescribedRoute): readonly object[] => [
  ...[...path.matchAll(/\{(.+?)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  })),
  ...query.map((parameter) => ({
    name: parameter.name,
    in: 'query',
    description: parameter.summary,
    schema: schemaOfParameter(parameter),
  })),
]

const describeError = (status: number): object => ({
  description: REASONS[status] ?? 'The request cannot be carried out.',
  content: content({ $ref: '#/components/schemas/Error' }),
})

const content = (schema: Schema, type = 'application/json'): object => ({ [type]: { schema } })
