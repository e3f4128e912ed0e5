import { type EventRow, highway, type Topic } from './catalogue.ts';
import { anchor, field, fields, firstOf, identity } from './keys.ts';

const never = { lossClass: 'P0' } as const;

const callcenter = highway({
  source: 'callcenter',
  label: { zh: '語音客服', en: 'Call centre' },
  owner: 'customer-service',
  lossClass: 'P1',
  key: firstOf(field('case_id'), field('call_id')),
  events: {
    call_offered: ['來電', 'Call offered'],
    call_answered: ['接聽', 'Call answered'],
    call_ended: ['通話結束', 'Call ended'],
    case_opened: ['客訴工單成立', 'Case opened'],
    case_updated: ['客訴工單更新', 'Case updated'],
    case_closed: ['客訴工單結案', 'Case closed'],
    outbound_called: ['外撥', 'Outbound call'],
    survey_answered: ['問卷', 'Survey answered', { key: field('ref_id') }],
    service_handover: [
      '服務交接',
      'Service handover',
      { key: firstOf(field('case_id'), field('call_id'), field('chat_id'), field('note_ref')) },
    ],
  },
});

const messages: Readonly<Record<string, EventRow>> = {
  message_sent: ['訊息派送', 'Message sent'],
  message_delivered: ['訊息送達', 'Message delivered'],
  message_opened: ['訊息開啟', 'Message opened'],
  message_clicked: ['訊息點擊', 'Message clicked'],
  message_bounced: ['訊息退回', 'Message bounced'],
  message_unsubscribed: ['取消訂閱', 'Unsubscribed', never],
};

const marketing = highway({
  source: 'marketing',
  label: { zh: '行銷互動', en: 'Marketing interaction' },
  owner: 'marketing',
  lossClass: 'P2',
  key: firstOf(field('session_id'), identity('cookie'), identity('device_id'), identity('line_id'), anchor),
  events: {
    ...messages,
    ad_impression: ['廣告曝光', 'Ad impression'],
    ad_click: ['廣告點擊', 'Ad click'],
    page_viewed: ['瀏覽', 'Page viewed'],
    product_viewed: ['看商品', 'Product viewed'],
    search_performed: ['搜尋', 'Search performed'],
    cart_item_added: ['加入購物車', 'Cart item added'],
    cart_item_removed: ['移出購物車', 'Cart item removed'],
    checkout_started: ['結帳', 'Checkout started'],
    promo_code_applied: ['促銷碼成功', 'Promo code applied'],
    promo_code_rejected: ['促銷碼被拒', 'Promo code rejected'],
    ui_friction: ['操作困難', 'Friction'],
    registration_started: ['開始註冊', 'Registration started', never],
    registration_completed: ['完成註冊', 'Registration completed', never],
    consent_changed: ['同意變更', 'Consent changed', never],
    line_followed: ['LINE 加好友', 'LINE followed', never],
    line_unfollowed: ['LINE 封鎖', 'LINE unfollowed', never],
    account_linked: ['帳號綁定', 'Account linked', never],
    experiment_exposed: ['實驗曝光', 'Experiment exposed'],
  },
});

const device = firstOf(
  identity('device_id'),
  identity('mac'),
  field('mac'),
  identity('line_id'),
  identity('cust_id'),
  anchor,
);

const beacon = highway({
  source: 'beacon',
  label: { zh: '賣場互動 Beacon', en: 'In-store beacon' },
  owner: 'store-operations',
  lossClass: 'P1',
  key: device,
  events: {
    beacon_sighted: ['信標訊號', 'Beacon sighted'],
    line_beacon: ['LINE Beacon', 'LINE Beacon'],
    pickup_on_my_way: ['前往取貨', 'On my way', { key: firstOf(device, field('order_id')) }],
    pickup_checked_in: ['我到了', 'Checked in', { key: firstOf(device, field('order_id')) }],
  },
});

const chatbot = highway({
  source: 'chatbot',
  label: { zh: '智能客服', en: 'Chatbot' },
  owner: 'customer-service',
  lossClass: 'P2',
  key: field('chat_id'),
  events: {
    chat_session_started: ['對話開始', 'Chat started'],
    chat_message: ['對話訊息', 'Chat message'],
    chat_intent_detected: ['意圖辨識', 'Intent detected'],
    chat_handover: ['轉真人', 'Chat handover'],
    chat_ended: ['對話結束', 'Chat ended'],
  },
});

const logistics = highway({
  source: 'logistics',
  label: { zh: '商品追蹤', en: 'Logistics' },
  owner: 'logistics',
  lossClass: 'P1',
  key: firstOf(field('shipment_id'), field('hub_id')),
  events: {
    shipment_created: ['出貨單', 'Shipment created'],
    parcel_scanned: ['包裹掃描', 'Parcel scanned'],
    hub_capacity_reported: ['中轉倉產能', 'Hub capacity'],
    merchant_ship_plan: ['備貨計畫', 'Merchant ship plan', { key: field('origin_hub_id') }],
    transport_alert: ['天氣路況', 'Transport alert', { key: field('region_h3') }],
  },
});

const social = highway({
  source: 'social',
  label: { zh: '社群行銷', en: 'Social' },
  owner: 'marketing',
  lossClass: 'P3',
  key: field('author_id'),
  events: {
    social_post: ['貼文', 'Social post'],
    social_engagement: ['社群互動', 'Social engagement'],
    social_profile_snapshot: ['社群檔案', 'Social profile'],
    page_insight: ['粉專成效', 'Page insight', { key: field('page_id') }],
  },
});

const payment = highway({
  source: 'payment',
  label: { zh: '線上支付', en: 'Payment' },
  owner: 'finance',
  lossClass: 'P0',
  key: field('order_id'),
  events: {
    payment_requested: ['支付請求', 'Payment requested'],
    payment_authorized: ['支付授權', 'Payment authorised'],
    payment_captured: ['支付請款', 'Payment captured'],
    payment_failed: ['支付失敗', 'Payment failed'],
    payment_refunded: ['退款', 'Payment refunded'],
    pay_channel_status: ['銀行通道', 'Payment channel status', { key: field('bank_id') }],
  },
});

const order = highway({
  source: 'order',
  label: { zh: '線上線下購買', en: 'Orders' },
  owner: 'commerce',
  lossClass: 'P0',
  key: firstOf(field('order_id'), field('cust_id')),
  events: {
    order_placed: ['訂單成立', 'Order placed'],
    pos_sale: ['門市交易', 'Store sale'],
    order_returned: ['退貨', 'Order returned'],
    order_status_changed: ['訂單狀態', 'Order status changed'],
    invoice_issued: ['電子發票', 'Invoice issued'],
    invoice_voided: ['發票作廢', 'Invoice voided'],
    invoice_allowance_issued: ['發票折讓', 'Invoice allowance issued'],
    price_changed: ['價格異動', 'Price changed', { key: field('product_id') }],
    inventory_changed: ['庫存異動', 'Inventory changed', { key: fields('node_id', 'product_id') }],
    member_merged: ['會員合併', 'Members merged', { key: field('to_cust_id') }],
    tier_changed: ['等級異動', 'Tier changed', { key: field('cust_id') }],
    loyalty_changed: ['點數/禮券', 'Loyalty changed', { key: field('cust_id') }],
  },
});

/** One highway topic per source, in the order of the sources. */
export const highwayTopics: readonly Topic[] = [
  callcenter,
  marketing,
  beacon,
  chatbot,
  logistics,
  social,
  payment,
  order,
];
