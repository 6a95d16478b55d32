/** Vietnamese texts of the monitor check. */
import type { CatalogueOf } from './catalogue';
import type { monitorEn } from './monitor_en';

export const monitorVi: CatalogueOf<typeof monitorEn> = {
  'title': 'Kiểm tra màn hình',
  'pattern': 'Mẫu kiểm tra',
  'full_screen': 'Toàn màn hình',
  'full_screen_hint': 'Nhấn Esc để thoát.',
  'intro': 'Giảm ánh sáng phòng, bật màn hình trước nửa giờ, đặt thu phóng trang 100 % và nhìn từ chỗ ngồi đọc.',
  'look': 'Phải nhìn thấy',
  'check.five': 'Ô xám (5 %) trong nền đen và ô sáng (95 %) trong nền trắng.',
  'check.corners': 'Trong mỗi bậc xám (16 bậc) thấy đủ bốn ô nhỏ ở góc.',
  'check.steps': 'Bậc nào cũng khác bậc kề bên; màu xám không ám màu.',
  'check.ramps': 'Hai dải chuyển sắc ở hai bên trơn đều, không gợn vạch.',
  'check.lines': 'Ở giữa và bốn góc tách rõ các vạch mảnh nhất, cả dọc lẫn ngang.',
  'check.letters': 'Đọc được ít nhất đến chữ thứ mười một của QUALITY CHECKS trên nền đen, xám và trắng.',
  'check.edges': 'Khung viền đủ bốn cạnh; đường thẳng không cong, ô vuông không méo.',
  'check.clean': 'Không phản chiếu, vết bẩn, điểm chết hay nhấp nháy.',
  'record': 'Thấy đủ tất cả',
  'recorded': 'Màn hình này đạt khi kiểm tra lúc {moment}.',
  'not_recorded': 'Màn hình này chưa được kiểm tra.',
  'remaining': 'Đánh dấu từng mục nhìn thấy được.',
  'failed': 'Nếu có mục không thấy: chỉnh độ sáng và tương phản, hoặc hiệu chuẩn màn hình (DICOM GSDF, PS3.14). Chưa đọc phim trên màn hình này.',
  'size': 'Kích thước thật',
  'size.how': 'Áp thẻ căn cước hoặc thẻ ngân hàng lên màn hình, kéo thanh trượt đến khi khung bằng đúng thẻ.',
  'size.slider': 'Chiều rộng thẻ trên màn hình',
  'size.keep': 'Ghi nhớ',
  'size.kept': 'Đã ghi nhớ cho màn hình này: {value} điểm ảnh mỗi milimét.',
  'size.card': 'Thẻ 85,6 × 54 mm',
  'size.ruler': '100 mm',
};
