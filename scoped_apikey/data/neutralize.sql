-- A copy of production must not answer to production's keys.
UPDATE res_users_apikeys
   SET suspended = true
 WHERE scope_id IS NOT NULL;
