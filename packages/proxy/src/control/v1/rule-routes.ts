import type { ControlPlane } from '../plane/plane.ts'
import type { ApiReply } from '../server/api.ts'
import { ControlError } from '../state/errors.ts'
import { type DescribedRoute, reference } from './described-route.ts'
import { json } from './replies.ts'
import { readJsonBody, readRules } from './requests.ts'
import type { Views } from './views.ts'

export function ruleRoutes(plane: ControlPlane, views: Views): readonly DescribedRoute[] {
  function ruleSet(): ApiReply {
    const { epoch } = plane.faults
    const faults = plane.faults.list().filter(({ origin }) => origin === 'rules')
    return json(200, { epoch, faults: faults.map(views.fault) }, { ETag: `"${epoch}"` })
  }

  return [
    {
      method: 'GET',
      path: '/v1/rules',
      operation: 'getRules',
      summary: 'The rule set in force, with the epoch: how often any fault began, ended or was changed',
      success: { status: 200, description: 'The rule set; the epoch is the ETag.', schema: reference('RuleSet') },
      handle: ruleSet,
    },
    {
      method: 'PUT',
      path: '/v1/rules',
      operation: 'swapRules',
      summary:
        'Puts another rule set in force, in one step: all of it or, where something is wrong, nothing. A fault that is just as before goes on. With If-Match, only where no fault changed since that epoch',
      body: reference('RuleSetRequest'),
      success: { status: 200, description: 'It is in force.', schema: reference('RuleSet') },
      errors: [404, 409, 412],
      handle({ body, headers }) {
        const expected = headers['if-match']
        if (expected !== undefined && expected !== '*' && expected !== `"${plane.faults.epoch}"`)
          throw new ControlError(412, `epoch ${plane.faults.epoch} is in force, not ${expected}`)
        plane.swapRules(readRules(readJsonBody(body), plane, 'rules'))
        return ruleSet()
      },
    },
  ]
}
