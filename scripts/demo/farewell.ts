import type { Platform } from '../platform/platform.ts';
import { renderTable } from './table.ts';

export interface FarewellOptions {
  readonly platform: Platform;
  readonly directory: string;
  readonly once: boolean;
  readonly say: (line?: string) => void;
}

/** Where everything is, and what to try next. */
export function printFarewell({ platform, directory, once, say }: FarewellOptions): void {
  const { stack, gatewayUrl, factoryUrl, sinkUrl } = platform;
  say();
  say(
    renderTable([
      ['位址 Addresses', ''],
      ['Kafka', stack.endpoints.kafka],
      ['結構註冊 schema registry', `${stack.endpoints.registry}/apis/ccompat/v7`],
      ['ClickHouse', `${stack.endpoints.clickhouse}  (default, analyst)`],
      ['PostgreSQL', stack.endpoints.postgres],
      ['API 閘道 API gateway', gatewayUrl],
      ['數據加工廠 factory', factoryUrl],
      ['倉儲匯入 warehouse sink', sinkUrl],
    ]),
  );
  if (once) return;
  say(`
接著試試 Try next (a second terminal; the key is in ${directory}/secrets.json)
  curl -sS ${gatewayUrl}/v1/events -H "authorization: Bearer ${'$'}KEY" -H 'content-type: application/json' \\
    -d '{"event_type":"cart_item_added","event_time":${Date.now()},"identities":[{"id_type":"phone","id_value":"0922111834"}],"cart_id":"c1","product_id":"p1","qty":1}'
  curl -sS '${stack.endpoints.clickhouse}/?user=analyst' --data-binary 'SELECT * FROM mart.fact_order LIMIT 3 FORMAT Vertical'
  make status   # then kill -9 any pid: it comes back where it was
Ctrl-C 結束 ends it all.`);
}
