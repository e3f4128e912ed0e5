-- Views for people: database `mart`. Every statement may be run again.
--
-- A repeat of an event (same event_id) can lie on a topic when its sender had to send it twice; the tables keep
-- what the topics hold, record by record. The views show each event once: the copy that came first on its topic,
-- by (kafka_partition, kafka_offset), so that two readings give the same. Copies may differ (each has its own
-- ingest_time), and counting both would not be exact. It costs a sort and one hash of the ids.
-- Trial traffic (is_test) is left out. Amounts are Decimal(18, 2) in units of the row's `currency`: sources sell in
-- more than one, so the names say amount and not the currency.

CREATE DATABASE IF NOT EXISTS mart;

CREATE OR REPLACE VIEW mart.fact_order COMMENT 'One row an order or till sale (基本訂單)' AS
SELECT
    event_id, event_type, event_time, ingest_time, source_system, anchor, order_id, order_channel, fulfil,
    channel, store_id, currency, length(`lines.line_no`) AS line_count,
    toDecimal64(gross_cents, 2) / 100 AS gross_amount,
    toDecimal64(net_cents, 2) / 100 AS net_amount,
    toDecimal64(freight_cents, 2) / 100 AS freight_amount
FROM (
    SELECT event_id, event_type, event_time, ingest_time, source_system, anchor, order_id, order_channel, fulfil,
        channel, store_id, currency, `lines.line_no`, gross_cents, net_cents, freight_cents
    FROM highway.pos_sale WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
    UNION ALL
    SELECT event_id, event_type, event_time, ingest_time, source_system, anchor, order_id, order_channel, fulfil,
        channel, store_id, currency, `lines.line_no`, gross_cents, net_cents, freight_cents
    FROM highway.order_placed WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
);

CREATE OR REPLACE VIEW mart.fact_order_line COMMENT 'One row a line of an order or till sale (訂單明細)' AS
SELECT
    event_id, event_type, event_time, anchor, order_id, order_channel, store_id, currency,
    `lines.line_no` AS line_no, `lines.product_id` AS product_id, `lines.qty` AS qty,
    `lines.promo_kind` AS promo_kind, `lines.promo_code` AS promo_code,
    toDecimal64(`lines.list_price_cents`, 2) / 100 AS list_amount,
    toDecimal64(`lines.net_price_cents`, 2) / 100 AS net_amount,
    toDecimal64(`lines.discount_cents`, 2) / 100 AS discount_amount,
    toDecimal64(`lines.retail_discount_cents`, 2) / 100 AS retail_discount_amount,
    toDecimal64(`lines.coupon_discount_cents`, 2) / 100 AS coupon_discount_amount,
    toDecimal64(`lines.match_discount_cents`, 2) / 100 AS match_discount_amount,
    toDecimal64(`lines.points_discount_cents`, 2) / 100 AS points_discount_amount
FROM (
    SELECT event_id, event_type, event_time, anchor, order_id, order_channel, store_id, currency, `lines.line_no`,
        `lines.product_id`, `lines.qty`, `lines.promo_kind`, `lines.promo_code`, `lines.list_price_cents`,
        `lines.net_price_cents`, `lines.discount_cents`, `lines.retail_discount_cents`,
        `lines.coupon_discount_cents`, `lines.match_discount_cents`, `lines.points_discount_cents`
    FROM highway.pos_sale WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
    UNION ALL
    SELECT event_id, event_type, event_time, anchor, order_id, order_channel, store_id, currency, `lines.line_no`,
        `lines.product_id`, `lines.qty`, `lines.promo_kind`, `lines.promo_code`, `lines.list_price_cents`,
        `lines.net_price_cents`, `lines.discount_cents`, `lines.retail_discount_cents`,
        `lines.coupon_discount_cents`, `lines.match_discount_cents`, `lines.points_discount_cents`
    FROM highway.order_placed WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
)
ARRAY JOIN `lines.line_no`, `lines.product_id`, `lines.qty`, `lines.promo_kind`, `lines.promo_code`,
    `lines.list_price_cents`, `lines.net_price_cents`, `lines.discount_cents`, `lines.retail_discount_cents`,
    `lines.coupon_discount_cents`, `lines.match_discount_cents`, `lines.points_discount_cents`;

CREATE OR REPLACE VIEW mart.customer_order COMMENT 'Sums by customer anchor (顧客消費彙總)' AS
SELECT
    anchor, count() AS orders, sum(net_amount) AS net_amount, sum(line_count) AS lines,
    uniqExact(store_id) AS stores, min(event_time) AS first_order_at, max(event_time) AS last_order_at
FROM mart.fact_order WHERE anchor != '' GROUP BY anchor;

CREATE OR REPLACE VIEW mart.product COMMENT 'Products as they are now (商品)' AS
SELECT * EXCEPT (record_key, is_deleted, kafka_partition, kafka_offset) FROM reference.product FINAL;

CREATE OR REPLACE VIEW mart.store COMMENT 'Stores as they are now (門市)' AS
SELECT * EXCEPT (record_key, is_deleted, kafka_partition, kafka_offset) FROM reference.store FINAL;

CREATE OR REPLACE VIEW mart.member COMMENT 'Members as they are now (會員)' AS
SELECT * EXCEPT (record_key, is_deleted, kafka_partition, kafka_offset) FROM reference.member FINAL;

CREATE OR REPLACE VIEW mart.campaign COMMENT 'Campaigns as they are now (行銷活動)' AS
SELECT * EXCEPT (record_key, is_deleted, kafka_partition, kafka_offset) FROM reference.campaign FINAL;

CREATE OR REPLACE VIEW mart.promo_code COMMENT 'Promotion codes as they are now (促銷碼)' AS
SELECT * EXCEPT (record_key, is_deleted, kafka_partition, kafka_offset) FROM reference.promo_code FINAL;

CREATE OR REPLACE VIEW mart.product_sales COMMENT 'Sales by product, with its category (商品銷售)' AS
SELECT
    product_id, any(p.name) AS name, any(p.brand_id) AS brand_id, any(p.category_l1) AS category_l1,
    any(p.category_l2) AS category_l2, any(p.category_l3) AS category_l3, count() AS lines,
    uniqExact(l.order_id) AS orders, sum(l.qty) AS qty, sum(l.net_amount) AS net_amount
FROM mart.fact_order_line AS l LEFT JOIN mart.product AS p USING (product_id) GROUP BY product_id;

CREATE OR REPLACE VIEW mart.fact_message
    COMMENT 'One row an event about a marketing message: sent, delivered, opened … (訊息)' AS
SELECT event_id, event_type, event_time, anchor, message_id, campaign_id, creative_id, channel, automation,
    toDecimal64(cost_cents, 2) / 100 AS cost_amount, currency
FROM (
    SELECT event_id, event_type, event_time, anchor, message_id, campaign_id, creative_id, channel, automation,
        cost_cents, currency
    FROM highway.message_sent WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
    UNION ALL
    SELECT event_id, event_type, event_time, anchor, message_id, campaign_id, creative_id, channel, automation,
        cost_cents, currency
    FROM highway.message_delivered WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
    UNION ALL
    SELECT event_id, event_type, event_time, anchor, message_id, campaign_id, creative_id, channel, automation,
        cost_cents, currency
    FROM highway.message_opened WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
    UNION ALL
    SELECT event_id, event_type, event_time, anchor, message_id, campaign_id, creative_id, channel, automation,
        cost_cents, currency
    FROM highway.message_clicked WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
    UNION ALL
    SELECT event_id, event_type, event_time, anchor, message_id, campaign_id, creative_id, channel, automation,
        cost_cents, currency
    FROM highway.message_bounced WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
    UNION ALL
    SELECT event_id, event_type, event_time, anchor, message_id, campaign_id, creative_id, channel, automation,
        cost_cents, currency
    FROM highway.message_unsubscribed WHERE NOT is_test
    ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id
);

CREATE OR REPLACE VIEW mart.fact_loyalty COMMENT 'One row a movement of points or vouchers (點數禮券)' AS
SELECT * EXCEPT (kafka_partition, kafka_offset) FROM highway.loyalty_changed WHERE NOT is_test
ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id;
