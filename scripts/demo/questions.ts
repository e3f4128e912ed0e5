/** A business question, the SQL that answers it, and what the answer should be where that is known. */
export interface Question {
  readonly title: { readonly zh: string; readonly en: string };
  /** For ClickHouse, on the views in `mart`; each view counts an event_id once, however often it was sent. */
  readonly sql: string;
  /** The first column of the first row, as text, and who says so. Holds for the whole Complete Journey set only. */
  readonly expect?: { readonly value: string; readonly source: string };
}

const STUDY = 'Complete Journey, computed over its parquet files apart from this code';

export const questions: readonly Question[] = [
  {
    title: {
      zh: '前 20% 的顧客貢獻了多少銷售額？',
      en: 'What share of sales comes from the best 20 % of customers?',
    },
    sql: `SELECT round(100 * sumIf(net_amount, place <= best) / sum(net_amount), 1) AS share_percent,
       any(best) AS best_customers, count() AS customers, sum(net_amount) AS sales
FROM (
  SELECT net_amount, row_number() OVER (ORDER BY net_amount DESC) AS place,
         intDiv(count() OVER () * 20, 100) AS best
  FROM mart.customer_order
)`,
    expect: { value: '54.5', source: `${STUDY} (493 of 2,469 households)` },
  },
  {
    title: {
      zh: '哪兩類商品最常被一起購買？',
      en: 'Which two categories are bought together far more often than chance would have it?',
    },
    // A category paired with itself counts its own baskets, so one pass over the lines gives all that lift needs.
    sql: `WITH (SELECT uniqExact(order_id) FROM mart.fact_order) AS total
SELECT concat(first, ' + ', second) AS pair, both AS baskets,
       round(both * total / (with_first * with_second), 3) AS lift,
       round(both / with_first, 3) AS second_given_first, round(both / with_second, 3) AS first_given_second
FROM (
  SELECT first, second, count() AS both,
         max(if(first = second, both, 0)) OVER (PARTITION BY first) AS with_first,
         max(if(first = second, both, 0)) OVER (PARTITION BY second) AS with_second
  FROM (
    SELECT arraySort(groupUniqArray(category)) AS categories
    FROM mart.fact_order_line AS line
    INNER JOIN (
      SELECT product_id, category_l2 AS category FROM mart.product WHERE category_l2 IS NOT NULL
    ) AS product USING (product_id)
    GROUP BY order_id
  )
  ARRAY JOIN categories AS first, arrayEnumerate(categories) AS place
  ARRAY JOIN arraySlice(categories, place) AS second
  GROUP BY first, second HAVING both >= total / 100
)
WHERE first != second ORDER BY lift DESC, pair LIMIT 3`,
    expect: {
      value: 'DRY NOODLES/PASTA + PASTA SAUCE',
      source: `${STUDY} (3,528 baskets, lift 10.886, confidence .451 and .547)`,
    },
  },
  {
    title: {
      zh: '有多少比例的商品是以促銷價賣出的？',
      en: 'What share of the lines is sold at a lower price, and what does each kind of discount cost?',
    },
    sql: `SELECT round(100 * countIf(discount_amount > 0) / count(), 1) AS promoted_percent, count() AS lines,
       sum(retail_discount_amount) AS retail, sum(coupon_discount_amount) AS coupon,
       sum(match_discount_amount) AS matched
FROM mart.fact_order_line`,
    expect: { value: '50.8', source: `${STUDY} (retail 791,650.64, coupon 26,359.90, match 4,542.65)` },
  },
  {
    title: {
      zh: '哪幾個月的銷售最好？哪家門市領先？',
      en: 'Which months sold most, and which store led in each?',
    },
    sql: `SELECT month, sum(store_sales) AS sales, sum(store_orders) AS orders,
       argMax(store_id, store_sales) AS leading_store, max(store_sales) AS its_sales
FROM (
  SELECT formatDateTime(event_time, '%Y-%m', 'America/New_York') AS month, store_id,
         sum(net_amount) AS store_sales, count() AS store_orders
  FROM mart.fact_order GROUP BY month, store_id
)
GROUP BY month ORDER BY sales DESC LIMIT 3`,
    expect: { value: '2017-12', source: `${STUDY} (421,720.45 in 13,097 baskets, by the shops' clock)` },
  },
  {
    title: {
      zh: '收到折價券活動的家庭中，有多少真的使用？哪種活動最有效？',
      en: 'How many of the households that a campaign reached used its coupons, and which kind works best?',
    },
    sql: `SELECT round(100 * uniqExactIf(anchor, used) / uniqExact(anchor), 1) AS redeeming_percent,
       if(grouping(type) = 1, 'all', type) AS campaign_type,
       uniqExact(anchor) AS reached, uniqExactIf(anchor, used) AS redeeming
FROM (
  SELECT message.anchor AS anchor, coalesce(campaign.campaign_type, '') AS type,
         (message.anchor, message.campaign_id) IN (
           SELECT anchor, campaign_id FROM mart.fact_loyalty WHERE kind = 'redeem'
         ) AS used
  FROM mart.fact_message AS message
  LEFT JOIN mart.campaign AS campaign ON campaign.campaign_id = message.campaign_id
  WHERE message.event_type = 'message_sent'
)
GROUP BY ROLLUP(type) ORDER BY reached DESC`,
    expect: { value: '26.3', source: `${STUDY} (410 of 1,559 households)` },
  },
];
