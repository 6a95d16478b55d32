/** The Vietnamese texts of drawing and measuring. */
import type { CatalogueOf } from './catalogue';
import type { drawingEn } from './drawing_en';

export const drawingVi: CatalogueOf<typeof drawingEn> = {
  'measure.length': 'Khoảng cách',
  'measure.angle': 'Góc',
  'measure.cobb': 'Góc Cobb',
  'measure.bidirectional': 'Hai đường kính',
  'measure.ellipse': 'Elip',
  'measure.rectangle': 'Chữ nhật',
  'measure.freehand': 'Đường viền',
  'measure.probe': 'Giá trị điểm',
  'measure.arrow': 'Mũi tên',
  'measure.text': 'Ghi chú',
  'measure.unfinished': 'Chưa vẽ xong',
  'measure.no_value': 'Không có giá trị ở đây',
  'measure.no_words': 'Không có chữ',

  'calibration.none': 'Tính bằng điểm ảnh: ảnh không có khoảng cách chuẩn',
  'calibration.detector': 'Đo tại đầu thu: lớn hơn thực tế do độ phóng đại (◫)',
  'calibration.manual': 'Đã hiệu chuẩn bằng tay trên ảnh này (✎)',
  'calibration.calibrate': 'Hiệu chuẩn',
  'calibration.title': 'Đoạn này thực tế dài bao nhiêu?',
  'calibration.millimetres': 'Chiều dài (mm)',
  'calibration.apply': 'Áp dụng cho ảnh này',

  'suv.refused.units': 'Không có SUV: giá trị không tính bằng Bq/ml',
  'suv.refused.corrections': 'Không có SUV: chưa hiệu chỉnh suy giảm và phân rã',
  'suv.refused.decay': 'Không có SUV: ảnh không ghi thời điểm hiệu chỉnh phân rã',
  'suv.refused.weight': 'Không có SUV: thiếu cân nặng',
  'suv.refused.dose': 'Không có SUV: thiếu liều hoặc chu kỳ bán rã',
  'suv.refused.times': 'Không có SUV: giờ tiêm và giờ chụp thiếu hoặc không khớp',

  'drawing.undo': 'Hoàn tác',
  'drawing.redo': 'Làm lại',
  'drawing.words': 'Chữ ghi trên ảnh',
  'drawing.edit_words': 'Sửa chữ của {name}',
  'drawing.more_tools': 'Công cụ khác',

  'preset.header': 'Theo ảnh {number}',
  'preset.suv': 'SUV 0–{most}',
  'preset.none': 'Ảnh không ghi cửa sổ riêng; hãy kéo một khung bằng “Cửa sổ theo vùng”.',
};
